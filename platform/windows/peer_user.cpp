#include "platform/peer_user.hpp"

namespace sluice::platform {

std::optional<std::uint32_t> peer_user(NativeSocket) { return std::nullopt; }

std::optional<std::uint32_t> own_user() { return std::nullopt; }

}  // namespace sluice::platform
