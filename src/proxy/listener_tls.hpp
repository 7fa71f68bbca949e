#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/tls_totals.hpp"
#include "tls/server_context.hpp"

namespace sluice::proxy {

/// What a session with a client that has to speak TLS begins with. Immutable but for the counts.
///
/// Lifetime: sessions keep the one that they began with; counts pass from one configuration to the next.
struct ListenerTls {
    /// What the snapshot knows the listener by.
    std::string key;
    std::string name;
    std::shared_ptr<const tls::ServerContext> context;
    std::shared_ptr<telemetry::HandshakeCounts> counts;
    /// Files of certificates, and when those expire in seconds since 1970.
    std::vector<std::pair<std::string, std::int64_t>> certificates;
};

}  // namespace sluice::proxy
