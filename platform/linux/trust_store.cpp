#include "platform/trust_store.hpp"

namespace sluice::platform {

TrustStore system_trust() { return {true, {}, {}}; }

}  // namespace sluice::platform
