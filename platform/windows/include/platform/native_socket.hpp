#pragma once

#include <cstdint>

namespace sluice::platform {

/// The system's own handle of a socket: the type behind SOCKET, without the system's headers.
using NativeSocket = std::uintptr_t;

inline constexpr NativeSocket no_socket = ~NativeSocket{0};

}  // namespace sluice::platform
