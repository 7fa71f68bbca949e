#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/json_writer.hpp"

namespace sluice::telemetry {

/// An address at which a cluster is served at present.
struct MemberStatus {
    std::string address;
    /// As the configuration calls the endpoint: another text where it is a name.
    std::string endpoint;
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
    bool is_draining = false;
    /// "up", "down" or "unchecked".
    std::string_view health;
    std::string last_error;
    std::optional<double> changed_seconds_ago;
    std::optional<double> failed_seconds_ago;
    /// How long it stays out because requests failed there.
    std::optional<double> ejected_for_seconds;
    std::uint32_t connections = 0;
    std::uint32_t waiting = 0;
    /// What an operator has set, in the place of the configuration and the checks.
    std::optional<bool> set_drain;
    std::optional<std::uint32_t> set_weight;
    std::optional<bool> set_up;

    [[nodiscard]] bool is_up() const { return set_up.value_or(health != "down" && !ejected_for_seconds); }
    [[nodiscard]] bool is_overridden() const { return set_drain || set_weight || set_up; }
};

struct BreakerStatus {
    /// "closed", "open" or "half_open".
    std::string_view state;
    std::optional<double> changed_seconds_ago;
    std::uint64_t opened = 0;
    std::uint64_t refused_open = 0;
    std::uint64_t refused_full = 0;
    std::uint32_t requests_active = 0;
    /// "open" or "closed" where an operator holds it; else empty.
    std::string_view held;
};

/// What all workers know of a cluster, beside the counters.
struct ClusterStatus {
    std::string name;
    std::vector<MemberStatus> members;
    std::optional<BreakerStatus> breaker;
};

/// Members of the JSON object of a cluster in /status.
void add_cluster_status(JsonWriter& json, const ClusterStatus& cluster);

/// Families of /metrics.
[[nodiscard]] std::string prometheus_clusters(const std::vector<ClusterStatus>& clusters);

}  // namespace sluice::telemetry
