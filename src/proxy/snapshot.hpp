#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "filters/header_edits.hpp"
#include "routing/route_table.hpp"
#include "upstream/cluster_state.hpp"
#include "upstream/split.hpp"

namespace sluice::proxy {

/// One cluster as requests see it.
struct ClusterPlan {
    const config::Cluster* config = nullptr;
    /// Shared by all workers, and by snapshots that leave the cluster as it was.
    std::shared_ptr<upstream::ClusterState> state;
    /// As the configuration calls them, for metrics.
    std::vector<std::string> endpoint_names;
    /// Place of the first configured endpoint among all of the snapshot, for metrics.
    std::uint32_t first_endpoint = 0;
};

/// What is prepared per route, so that a request computes nothing that the configuration knows.
struct RoutePlan {
    /// Places among the snapshot's clusters; empty unless the route forwards.
    std::vector<std::uint32_t> clusters;
    /// Chooses one of them, where there are several.
    upstream::Split split;
    std::optional<std::uint32_t> mirror;
    filters::HeaderEdits request_headers;
    filters::HeaderEdits response_headers;
    /// The route's name, or its pattern when it has none.
    std::string label;
};

/// A configuration made ready for requests: immutable, shared by all workers. A request ends with the snapshot that it
/// began with.
///
/// Failure: build yields a line per conflict of routes.
class Snapshot {
public:
    [[nodiscard]] static std::expected<std::shared_ptr<const Snapshot>, std::vector<std::string>> build(
        config::Config config);

    [[nodiscard]] const config::Config& config() const { return config_; }
    [[nodiscard]] const routing::RouteTable& routes() const { return *routes_; }
    [[nodiscard]] const RoutePlan& route(std::uint32_t index) const { return route_plans_[index]; }
    [[nodiscard]] const std::vector<RoutePlan>& route_plans() const { return route_plans_; }
    [[nodiscard]] const std::vector<ClusterPlan>& clusters() const { return clusters_; }

    /// Room that any head needs beyond the fields that a message came with: start line, what the gateway adds, and the
    /// largest of the configured edits.
    [[nodiscard]] std::size_t head_room_bytes() const { return head_room_bytes_; }

private:
    explicit Snapshot(config::Config config) : config_(std::move(config)) {}
    void plan_clusters();
    [[nodiscard]] std::uint32_t cluster_index(const std::string& name) const;
    void plan_forward(const config::Forward& forward, RoutePlan& plan) const;
    void plan_routes();
    void measure_head_room();

    config::Config config_;
    std::unique_ptr<routing::RouteTable> routes_;
    std::vector<RoutePlan> route_plans_;
    std::vector<ClusterPlan> clusters_;
    std::size_t head_room_bytes_ = 0;
};

}  // namespace sluice::proxy
