#include "proxy/snapshot.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace sluice::proxy {
namespace {

/// The key of sticky cookies without a secret of their own: clients of an earlier process lose their endpoint.
std::string random_secret() {
    std::random_device device;
    std::string secret;
    for (int i = 0; i < 8; ++i) secret += std::to_string(device()) + ".";
    return secret;
}

std::size_t line_bytes(const std::vector<config::HeaderValue>& fields) {
    std::size_t bytes = 0;
    for (const config::HeaderValue& field : fields) bytes += field.name.size() + field.value.size() + 4;
    return bytes;
}

std::size_t edit_bytes(const config::HeaderEdits& edits) {
    return line_bytes(edits.set) + line_bytes(edits.add);
}

std::size_t action_bytes(const config::Route& route) {
    if (const auto* respond = std::get_if<config::Respond>(&route.action)) return line_bytes(respond->headers);
    if (const auto* redirect = std::get_if<config::Redirect>(&route.action)) return redirect->location.size();
    const auto& forward = std::get<config::Forward>(route.action);
    return forward.rewrite.size() + forward.host.size();
}

}  // namespace

void Snapshot::measure_head_room() {
    constexpr std::size_t own_bytes = 4096;
    std::size_t most = 0;
    for (const config::Route& route : config_.routes) {
        most = std::max(most, action_bytes(route) + edit_bytes(route.request_headers) + edit_bytes(route.response_headers));
    }
    head_room_bytes_ = own_bytes + most;
}

void Snapshot::plan_clusters() {
    std::uint32_t first = 0;
    const std::string secret = random_secret();
    for (const config::Cluster& cluster : config_.clusters) {
        ClusterPlan plan{&cluster, std::make_shared<upstream::ClusterState>(cluster, secret), {}, first};
        for (const config::Endpoint& endpoint : cluster.endpoints) {
            plan.endpoint_names.push_back(endpoint.srv.empty() ? endpoint.address.text() : endpoint.srv);
        }
        first += static_cast<std::uint32_t>(cluster.endpoints.size());
        clusters_.push_back(std::move(plan));
    }
}

std::uint32_t Snapshot::cluster_index(const std::string& name) const {
    const auto cluster = std::ranges::find(config_.clusters, name, &config::Cluster::name);
    return static_cast<std::uint32_t>(cluster - config_.clusters.begin());
}

void Snapshot::plan_forward(const config::Forward& forward, RoutePlan& plan) const {
    std::vector<std::uint32_t> weights;
    if (!forward.cluster.empty()) plan.clusters.push_back(cluster_index(forward.cluster));
    for (const config::Share& share : forward.split) {
        plan.clusters.push_back(cluster_index(share.cluster));
        weights.push_back(share.weight);
    }
    plan.split = upstream::Split(weights);
    if (forward.mirror) plan.mirror = cluster_index(forward.mirror->cluster);
}

void Snapshot::plan_routes() {
    for (const config::Route& route : config_.routes) {
        RoutePlan plan;
        if (const auto* forward = std::get_if<config::Forward>(&route.action)) {
            plan_forward(*forward, plan);
        }
        plan.request_headers = filters::HeaderEdits(route.request_headers);
        plan.response_headers = filters::HeaderEdits(route.response_headers);
        plan.label = route.name.empty() ? route.match.host + route.match.path : route.name;
        route_plans_.push_back(std::move(plan));
    }
}

std::expected<std::shared_ptr<const Snapshot>, std::vector<std::string>> Snapshot::build(
    config::Config config) {
    std::shared_ptr<Snapshot> snapshot(new Snapshot(std::move(config)));
    auto table = routing::RouteTable::build(snapshot->config_.routes);
    if (!table) {
        std::vector<std::string> lines;
        for (const routing::Conflict& conflict : table.error()) lines.push_back(describe(conflict));
        return std::unexpected(std::move(lines));
    }
    snapshot->routes_ = std::make_unique<routing::RouteTable>(std::move(*table));
    snapshot->plan_clusters();
    snapshot->plan_routes();
    snapshot->measure_head_room();
    return snapshot;
}

}  // namespace sluice::proxy
