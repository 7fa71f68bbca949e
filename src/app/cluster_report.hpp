#pragma once

#include <vector>

#include "base/clock.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/cluster_status.hpp"
#include "telemetry/tls_totals.hpp"

namespace sluice::app {

/// The present state of every cluster, for /status and /metrics. Any thread.
[[nodiscard]] std::vector<telemetry::ClusterStatus> cluster_report(const proxy::Snapshot& snapshot, TimePoint now);

/// What clients' handshakes came to on each listener with TLS, and when its certificates expire. Any thread.
[[nodiscard]] std::vector<telemetry::TlsTotals> tls_totals(const proxy::Snapshot& snapshot);

}  // namespace sluice::app
