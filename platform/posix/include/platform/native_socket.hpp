#pragma once

namespace sluice::platform {

/// The system's own handle of a socket.
using NativeSocket = int;

inline constexpr NativeSocket no_socket = -1;

}  // namespace sluice::platform
