#pragma once

#include <windows.h>
#include <winsock2.h>

#include "platform/socket.hpp"
#include "platform/wide_text.hpp"

namespace sluice::platform {

/// Windows wants Winsock started before any other call of it; done once, never undone.
void start_winsock();

/// Non-blocking, without events, not inherited by child processes; false with WSAGetLastError.
[[nodiscard]] bool set_non_blocking_and_private(NativeSocket socket);

/// The last error of Winsock on this thread, with the system's text.
[[nodiscard]] std::error_code last_socket_error();

}  // namespace sluice::platform
