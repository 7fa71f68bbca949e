#include "posix/wake_pipe.hpp"

#include <unistd.h>

#include "posix/system_calls.hpp"

namespace sluice::platform {

Result<void> WakePipe::open() {
    if (::pipe(ends_) == 0 && set_non_blocking_and_private(ends_[0]) &&
        set_non_blocking_and_private(ends_[1])) {
        return {};
    }
    Error error = system_error("opening a pipe", last_error());
    close();
    return fail(std::move(error));
}

void WakePipe::close() {
    for (int& end : ends_) {
        if (end >= 0) ::close(end);
        end = -1;
    }
}

void WakePipe::close_write_end() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
}

void WakePipe::send(unsigned char byte) const {
    // A full pipe wakes as well: a lost byte is no loss.
    [[maybe_unused]] const ssize_t written = ::write(ends_[1], &byte, 1);
}

std::optional<unsigned char> WakePipe::receive() const {
    unsigned char byte = 0;
    if (::read(ends_[0], &byte, 1) != 1) return std::nullopt;
    return byte;
}

}  // namespace sluice::platform
