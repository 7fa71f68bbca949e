#pragma once

#include <string_view>

namespace sluice::platform {

/// The system call family that the reactor sits on in this build: "epoll", "kqueue" or "iocp". Where the reactor is Asio's, the file that
/// defines it does not compile when Asio chose another.
[[nodiscard]] std::string_view poller_name();

/// Whether the reactor has to be told of a socket's end before the socket is closed. A kernel's kqueue notices by itself;
/// libkqueue does not, and takes the next socket of the same number for the old one.
[[nodiscard]] bool poller_misses_close();

}  // namespace sluice::platform
