#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/cluster_status.hpp"
#include "telemetry/metrics_registry.hpp"
#include "telemetry/prometheus.hpp"
#include "telemetry/reload_status.hpp"

namespace sluice::telemetry {

struct ListenerStatus {
    std::string name;
    std::string address;
};

/// What /status tells beside the counters.
struct StatusFacts {
    ProcessNumbers process;
    double uptime_seconds = 0;
    /// The file, or "embedded".
    std::string_view config;
    bool is_draining = false;
    std::vector<ListenerStatus> listeners;
    std::vector<ClusterStatus> clusters;
    ReloadStatus reload;
};

/// The /status document in JSON, indented: a person reads it as often as a program.
[[nodiscard]] std::string status_document(const StatusFacts& facts, const MetricTotals& totals);

}  // namespace sluice::telemetry
