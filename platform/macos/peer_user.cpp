#include "platform/peer_user.hpp"

#include <sys/types.h>
#include <unistd.h>

namespace sluice::platform {

std::optional<std::uint32_t> peer_user(NativeSocket socket) {
    uid_t user = 0;
    gid_t group = 0;
    if (::getpeereid(socket, &user, &group) != 0) return std::nullopt;
    return user;
}

std::optional<std::uint32_t> own_user() { return ::geteuid(); }

}  // namespace sluice::platform
