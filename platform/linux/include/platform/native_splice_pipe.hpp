#pragma once

#include <cstddef>

namespace sluice::platform {

/// pipe(7) and splice(2); platform/splice_pipe.hpp has the contract.
class SplicePipe {
public:
    static constexpr bool is_supported = true;

    SplicePipe() = default;
    SplicePipe(const SplicePipe&) = delete;
    SplicePipe& operator=(const SplicePipe&) = delete;
    ~SplicePipe();

    [[nodiscard]] bool open();
    [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

private:
    friend class StreamSocket;

    int read_end_ = -1;
    int write_end_ = -1;
    std::size_t held_bytes_ = 0;
};

}  // namespace sluice::platform
