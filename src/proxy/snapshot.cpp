#include "proxy/snapshot.hpp"

#include <algorithm>
#include <utility>

namespace sluice::proxy {
namespace {

net::Destination destination_of(const config::Address& address) {
    using From = config::Address::Kind;
    using To = net::Destination::Kind;
    switch (address.kind) {
        case From::Ipv4: return {To::Ipv4, address.host, address.port};
        case From::Ipv6: return {To::Ipv6, address.host, address.port};
        case From::UnixPath: return {To::UnixPath, address.host, 0};
        case From::Name: break;
    }
    return {To::Name, address.host, address.port};
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
    for (const config::Cluster& cluster : config_.clusters) {
        ClusterPlan plan{&cluster, {}, {}, first};
        for (const config::Endpoint& endpoint : cluster.endpoints) {
            plan.endpoints.push_back(destination_of(endpoint.address));
            plan.endpoint_names.push_back(endpoint.address.text());
        }
        first += static_cast<std::uint32_t>(cluster.endpoints.size());
        clusters_.push_back(std::move(plan));
    }
}

void Snapshot::plan_routes() {
    for (const config::Route& route : config_.routes) {
        RoutePlan plan;
        if (const auto* forward = std::get_if<config::Forward>(&route.action)) {
            const auto cluster = std::ranges::find(config_.clusters, forward->cluster, &config::Cluster::name);
            plan.cluster = static_cast<std::uint32_t>(cluster - config_.clusters.begin());
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
