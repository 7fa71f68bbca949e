#pragma once

#include <windows.h>
#include <winsock2.h>

#include <string>
#include <string_view>

#include "platform/socket.hpp"

namespace sluice::platform {

/// Windows wants Winsock started before any other call of it; done once, never undone.
void start_winsock();

/// Non-blocking, without events, not inherited by child processes; false with WSAGetLastError.
[[nodiscard]] bool set_non_blocking_and_private(NativeSocket socket);

/// The last error of Winsock or of the system on this thread, with the system's text.
[[nodiscard]] std::error_code last_socket_error();
[[nodiscard]] std::error_code last_system_error();

[[nodiscard]] std::string to_utf8(std::wstring_view text);
[[nodiscard]] std::wstring to_wide(std::string_view text);

}  // namespace sluice::platform
