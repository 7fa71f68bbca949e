#include "platform/peer_user.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace sluice::platform {

std::optional<std::uint32_t> peer_user(NativeSocket socket) {
    // Asked of a TCP socket, SO_PEERCRED yields no error and no user.
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return std::nullopt;
    if (peer.uid == static_cast<uid_t>(-1)) return std::nullopt;
    return peer.uid;
}

std::optional<std::uint32_t> own_user() { return ::geteuid(); }

}  // namespace sluice::platform
