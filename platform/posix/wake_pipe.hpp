#pragma once

#include <optional>

#include "base/result.hpp"

namespace sluice::platform {

/// A pipe by which a thread that waits in poll() or read() is woken, also from a signal handler.
///
/// Threading: `send` from anywhere; it neither waits nor allocates.
class WakePipe {
public:
    WakePipe() = default;
    WakePipe(const WakePipe&) = delete;
    WakePipe& operator=(const WakePipe&) = delete;
    ~WakePipe() { close(); }

    [[nodiscard]] Result<void> open();
    void close();
    void close_write_end();
    void send(unsigned char byte) const;
    /// The next byte; nullopt when none is there.
    [[nodiscard]] std::optional<unsigned char> receive() const;

    [[nodiscard]] int read_end() const { return ends_[0]; }
    [[nodiscard]] int write_end() const { return ends_[1]; }

private:
    int ends_[2] = {-1, -1};
};

}  // namespace sluice::platform
