#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/model.hpp"
#include "filters/client_certificate.hpp"
#include "filters/forwarded.hpp"
#include "filters/header_edits.hpp"
#include "proxy/listener_tls.hpp"
#include "routing/route_table.hpp"
#include "telemetry/metrics_registry.hpp"
#include "tls/client_context.hpp"
#include "tls/server_context.hpp"
#include "tls/ticket_keys.hpp"
#include "upstream/cluster_state.hpp"
#include "upstream/split.hpp"

namespace sluice::proxy {

/// One cluster as requests see it.
struct ClusterPlan {
    const config::Cluster* config = nullptr;
    /// Shared by all workers, and by snapshots that leave the cluster as it was.
    std::shared_ptr<upstream::ClusterState> state;
    /// Where each configured endpoint is counted.
    std::vector<std::uint32_t> endpoint_metrics;
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
    /// Where it is counted.
    std::uint32_t metric = 0;
};

/// One listener as its connections see it.
struct ListenerPlan {
    const config::Listener* config = nullptr;
    /// nullptr where clients speak plain HTTP.
    std::shared_ptr<const ListenerTls> tls;
};

/// A configuration made ready for requests: immutable, shared by all workers. A request ends with the snapshot that it
/// began with.
///
/// Failure: build yields a line per conflict of routes, and per listener whose certificates can't be used.
class Snapshot {
public:
    /// What a snapshot is built beside the configuration. Without a registry its routes and endpoints are counted in their
    /// own order.
    struct Surroundings {
        /// The one in force: clusters that stay the same are taken from it, those that change take over what they can.
        const Snapshot* previous = nullptr;
        telemetry::MetricsRegistry* metrics = nullptr;
        /// Compiled from the routes of the configuration that is moved in; without it they are compiled here.
        std::optional<routing::RouteTable> routes = std::nullopt;
    };

    /// Changes nothing but the registry, which forgets the snapshot again when it is destroyed.
    [[nodiscard]] static std::expected<std::shared_ptr<const Snapshot>, std::vector<std::string>> build(
        config::Config config, Surroundings surroundings);
    [[nodiscard]] static std::expected<std::shared_ptr<const Snapshot>, std::vector<std::string>> build(
        config::Config config) {
        return build(std::move(config), Surroundings{});
    }

    [[nodiscard]] const config::Config& config() const { return config_; }
    [[nodiscard]] const routing::RouteTable& routes() const { return *routes_; }
    [[nodiscard]] const RoutePlan& route(std::uint32_t index) const { return route_plans_[index]; }
    [[nodiscard]] const std::vector<RoutePlan>& route_plans() const { return route_plans_; }
    [[nodiscard]] const std::vector<ClusterPlan>& clusters() const { return clusters_; }
    /// By listener_key; nullptr when the configuration has no such listener.
    [[nodiscard]] const ListenerPlan* find_listener(const std::string& key) const;
    [[nodiscard]] const std::map<std::string, ListenerPlan>& listeners() const { return listeners_; }
    [[nodiscard]] const filters::Forwarded& forwarded() const { return forwarded_; }
    [[nodiscard]] const filters::ClientCertificateHeaders& client_certificates() const { return client_certificates_; }
    /// Keeps the places of its routes and endpoints in the metrics.
    [[nodiscard]] const std::shared_ptr<const void>& metrics_lease() const { return metrics_.lease; }

    /// The route of another snapshot's configuration in this one: of the same name, or of the same match where it has
    /// none.
    [[nodiscard]] std::optional<std::uint32_t> find(const config::Route& route) const;
    [[nodiscard]] const ClusterPlan* find_cluster(std::string_view name) const;

    /// Room that any head needs beyond the fields that a message came with: start line, what the gateway adds, and the
    /// largest of the configured edits.
    [[nodiscard]] std::size_t head_room_bytes() const { return head_room_bytes_; }

private:
    explicit Snapshot(config::Config config);
    [[nodiscard]] std::vector<std::string> plan_clusters(const Snapshot* previous);
    [[nodiscard]] Result<std::shared_ptr<const tls::ClientContext>> client_context(const config::Cluster& cluster,
                                                                                 const ClusterPlan* before) const;
    [[nodiscard]] Result<std::shared_ptr<const ListenerTls>> listener_tls(const config::Listener& listener,
                                                                          const ListenerPlan* before) const;
    [[nodiscard]] std::vector<std::string> take_table(std::optional<routing::RouteTable> table);
    [[nodiscard]] std::vector<std::string> plan_listeners(const Snapshot* previous);
    void take_metrics(telemetry::MetricsRegistry* registry);
    [[nodiscard]] std::uint32_t cluster_index(const std::string& name) const;
    void plan_forward(const config::Forward& forward, RoutePlan& plan) const;
    void plan_routes();
    void measure_head_room();

    config::Config config_;
    std::unique_ptr<routing::RouteTable> routes_;
    std::vector<RoutePlan> route_plans_;
    std::vector<ClusterPlan> clusters_;
    std::map<std::string, ListenerPlan> listeners_;
    /// Of all listeners; they pass from one snapshot to the next, so that clients can go on with their sessions.
    std::shared_ptr<tls::TicketKeys> ticket_keys_;
    filters::Forwarded forwarded_;
    filters::ClientCertificateHeaders client_certificates_;
    telemetry::MetricIndexes metrics_;
    /// Of the keys of sticky cookies without a secret of their own: clients of an earlier process lose their endpoint.
    std::string generated_secret_;
    std::map<std::string, std::uint32_t, std::less<>> routes_by_identity_;
    std::size_t head_room_bytes_ = 0;
};

}  // namespace sluice::proxy
