#pragma once

#include <sys/socket.h>

#include "platform/socket.hpp"

namespace sluice::platform {

// The calls that Linux has in one step and macOS in several: sockets that are non-blocking and not
// inherited by child processes. `no_socket` and errno tell a failure.

[[nodiscard]] NativeSocket open_stream_socket(int family);

[[nodiscard]] NativeSocket accept_stream_socket(NativeSocket listener, sockaddr* address,
                                                socklen_t* size);

/// Sets O_NONBLOCK and FD_CLOEXEC on any descriptor.
[[nodiscard]] bool set_non_blocking_and_private(int descriptor);

/// Sets FD_CLOEXEC on any descriptor.
[[nodiscard]] bool set_private(int descriptor);

/// The last error of this thread.
[[nodiscard]] std::error_code last_error();

}  // namespace sluice::platform
