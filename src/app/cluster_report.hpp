#pragma once

#include <vector>

#include "base/clock.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/cluster_status.hpp"

namespace sluice::app {

/// The present state of every cluster, for /status and /metrics. Any thread.
[[nodiscard]] std::vector<telemetry::ClusterStatus> cluster_report(const proxy::Snapshot& snapshot, TimePoint now);

}  // namespace sluice::app
