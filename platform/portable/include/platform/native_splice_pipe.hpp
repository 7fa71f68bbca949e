#pragma once

#include <cstddef>

namespace sluice::platform {

/// Sockets of Asio's have nothing of the kind; platform/splice_pipe.hpp has the contract.
class SplicePipe {
public:
    static constexpr bool is_supported = false;

    [[nodiscard]] static constexpr bool open() { return false; }
    [[nodiscard]] static constexpr std::size_t held_bytes() { return 0; }
};

}  // namespace sluice::platform
