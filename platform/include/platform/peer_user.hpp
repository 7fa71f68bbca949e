#pragma once

#include <cstdint>
#include <optional>

#include "platform/native_socket.hpp"

namespace sluice::platform {

/// The user at the other end of a connected Unix-domain socket, as it was when the connection was made. nullopt for any
/// other socket, and on a system that does not tell (Windows).
[[nodiscard]] std::optional<std::uint32_t> peer_user(NativeSocket socket);

/// The user that this process acts as; nullopt on a system that has no such numbers (Windows).
[[nodiscard]] std::optional<std::uint32_t> own_user();

}  // namespace sluice::platform
