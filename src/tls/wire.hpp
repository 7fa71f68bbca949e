#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::tls {

/// Where a connection's records come from and go to.
class Wire {
public:
    static constexpr std::ptrdiff_t would_block = -1;
    static constexpr std::ptrdiff_t broken = -2;

    /// Bytes that have come, without waiting: how many, 0 at the end of input, or one of the constants.
    virtual std::ptrdiff_t receive(std::span<char> space) = 0;
    /// Takes all of the bytes. When they go out is the wire's business.
    virtual void send(std::string_view bytes) = 0;

protected:
    ~Wire() = default;
};

}  // namespace sluice::tls
