#include "platform/trust_store.hpp"

namespace sluice::platform {

TrustStore system_trust() { return {false, "/etc/ssl/cert.pem", {}}; }

}  // namespace sluice::platform
