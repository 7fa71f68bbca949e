#include "posix/system_calls.hpp"

#include <fcntl.h>

#include <cerrno>

namespace sluice::platform {

bool set_non_blocking_and_private(int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    return flags >= 0 && ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 && set_private(descriptor);
}

bool set_private(int descriptor) { return ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0; }

std::error_code last_error() {
    return {errno, std::system_category()};
}

}  // namespace sluice::platform
