#include "platform/activated_sockets.hpp"

namespace sluice::platform {

Result<std::vector<ActivatedSocket>> take_activated_sockets() { return {}; }

}  // namespace sluice::platform
