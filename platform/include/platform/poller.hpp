#pragma once

#include <string_view>

namespace sluice::platform {

/// The system call family that Asio's reactor sits on in this build: "epoll", "kqueue" or "iocp".
/// The file that defines it does not compile when Asio chose another.
[[nodiscard]] std::string_view poller_name();

}  // namespace sluice::platform
