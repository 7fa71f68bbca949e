#pragma once

#include "platform/socket_address.hpp"

namespace sluice::platform {

/// Binds a Unix-domain socket to its path with mode 0660, or 0600 when it is private, in the place of a file that a dead
/// process has left.
///
/// Failure:   somebody listens there, or the path names something else than a socket.
[[nodiscard]] Result<void> bind_socket_file(NativeSocket socket, const ListenAddress& address,
                                            const SocketAddress& target);

}  // namespace sluice::platform
