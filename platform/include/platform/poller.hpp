#pragma once

#include <string_view>

namespace sluice::platform {

/// The system call family that Asio's reactor sits on in this build: "epoll", "kqueue" or "iocp".
/// The file that defines it does not compile when Asio chose another.
[[nodiscard]] std::string_view poller_name();

/// Whether the reactor has to be told of a socket's end before the socket is closed. A kernel's kqueue notices by itself;
/// libkqueue does not, and takes the next socket of the same number for the old one.
[[nodiscard]] bool poller_misses_close();

}  // namespace sluice::platform
