#include "proxy/snapshot.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "config/route_words.hpp"
#include "proxy/tls_plan.hpp"
#include "tls/certificate.hpp"

namespace sluice::proxy {
namespace {

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

/// What makes a route the same one in another configuration.
std::string identity_of(const config::Route& route) {
    return route.name.empty() ? "match " + config::match_identity(route.match) : "name " + route.name;
}

}  // namespace

void Snapshot::measure_head_room() {
    constexpr std::size_t own_bytes = 4096;
    std::size_t most = 0;
    for (const config::Route& route : config_.routes) {
        most = std::max(most, action_bytes(route) + edit_bytes(route.request_headers) + edit_bytes(route.response_headers));
    }
    // A cluster may answer in the place of any route that leads to it.
    std::size_t most_fallback = 0;
    for (const config::Cluster& cluster : config_.clusters) {
        if (cluster.breaker && cluster.breaker->fallback) most_fallback = std::max(most_fallback, line_bytes(cluster.breaker->fallback->headers));
    }
    head_room_bytes_ = own_bytes + most + most_fallback;
}

Snapshot::Snapshot(config::Config config) : config_(std::move(config)), forwarded_(config_.forwarding), client_certificates_(config_) {}

/// The same one for settings and files that are the same.
Result<std::shared_ptr<const tls::ClientContext>> Snapshot::client_context(const config::Cluster& cluster, const ClusterPlan* before) const {
    if (!cluster.tls) return std::shared_ptr<const tls::ClientContext>();
    const tls::ClientSettings settings = client_settings(config_, cluster);
    if (before != nullptr && before->state->tls() && before->state->tls()->settings() == settings) return before->state->tls();
    return tls::ClientContext::make(settings);
}

std::vector<std::string> Snapshot::plan_clusters(const Snapshot* previous) {
    std::vector<std::string> problems;
    generated_secret_ = previous != nullptr ? previous->generated_secret_ : random_secret();
    for (const config::Cluster& cluster : config_.clusters) {
        const ClusterPlan* const before = previous != nullptr ? previous->find_cluster(cluster.name) : nullptr;
        ClusterPlan plan{&cluster, nullptr, {}};
        auto tls = client_context(cluster, before);
        if (!tls) {
            problems.push_back("cluster \"" + cluster.name + "\": " + describe(tls.error()));
            continue;
        }
        if (before != nullptr && same_settings(*before->config, cluster) && *tls == before->state->tls()) {
            plan.state = before->state;
        } else {
            plan.state = std::make_shared<upstream::ClusterState>(cluster, generated_secret_,
                                                                  before != nullptr ? before->state.get() : nullptr);
            plan.state->use_tls(std::move(*tls));
        }
        clusters_.push_back(std::move(plan));
    }
    return problems;
}

/// A context whose settings and files are the same is the same one.
Result<std::shared_ptr<const ListenerTls>> Snapshot::listener_tls(const config::Listener& listener, const ListenerPlan* before) const {
    if (!listener.tls) return std::shared_ptr<const ListenerTls>();
    const std::shared_ptr<const ListenerTls> old = before != nullptr ? before->tls : nullptr;
    auto made = std::make_shared<ListenerTls>();
    made->key = listener_key(listener);
    made->name = listener.name;
    made->counts = old ? old->counts : std::make_shared<telemetry::HandshakeCounts>();
    const tls::ServerSettings settings = server_settings(config_, *listener.tls);
    if (old && old->context->settings() == settings) {
        made->context = old->context;
    } else {
        auto context = tls::ServerContext::make(settings, ticket_keys_);
        if (!context) return fail(std::move(context.error()));
        made->context = std::move(*context);
    }
    for (const config::ServerCertificate& certificate : listener.tls->certificates) {
        const auto facts = tls::inspect_certificate(tls_file(config_, certificate.cert), tls_file(config_, certificate.key));
        if (facts) made->certificates.emplace_back(certificate.cert, facts->not_after);
    }
    return made;
}

/// Yields what fails.
std::vector<std::string> Snapshot::plan_listeners(const Snapshot* previous) {
    ticket_keys_ = previous != nullptr ? previous->ticket_keys_ : std::make_shared<tls::TicketKeys>();
    std::vector<std::string> problems;
    for (const config::Listener& listener : config_.listeners) {
        const std::string key = listener_key(listener);
        auto tls = listener_tls(listener, previous != nullptr ? previous->find_listener(key) : nullptr);
        if (tls) {
            listeners_.emplace(key, ListenerPlan{&listener, std::move(*tls)});
        } else {
            problems.push_back("listener \"" + listener.name + "\": " + describe(tls.error()));
        }
    }
    return problems;
}

const ListenerPlan* Snapshot::find_listener(const std::string& key) const {
    const auto found = listeners_.find(key);
    return found != listeners_.end() ? &found->second : nullptr;
}

/// Gives everything that is counted its place.
void Snapshot::take_metrics(telemetry::MetricsRegistry* registry) {
    telemetry::MetricLabels labels;
    for (const RoutePlan& route : route_plans_) labels.routes.push_back(route.label);
    for (const config::Cluster& cluster : config_.clusters) {
        for (const config::Endpoint& endpoint : cluster.endpoints) {
            labels.endpoints.push_back({cluster.name, endpoint.srv.empty() ? endpoint.address.text() : endpoint.srv});
        }
    }
    if (registry != nullptr) metrics_ = registry->intern(labels);
    for (std::uint32_t i = 0; i < route_plans_.size(); ++i) {
        route_plans_[i].metric = registry != nullptr ? metrics_.routes[i] : i;
    }
    std::uint32_t next = 0;
    for (ClusterPlan& cluster : clusters_) {
        for (std::size_t i = 0; i < cluster.config->endpoints.size(); ++i, ++next) {
            cluster.endpoint_metrics.push_back(registry != nullptr ? metrics_.endpoints[next] : next);
        }
    }
}

std::optional<std::uint32_t> Snapshot::find(const config::Route& route) const {
    const auto found = routes_by_identity_.find(identity_of(route));
    return found != routes_by_identity_.end() ? std::optional(found->second) : std::nullopt;
}

const ClusterPlan* Snapshot::find_cluster(std::string_view name) const {
    const auto found = std::ranges::find_if(clusters_, [&](const ClusterPlan& plan) { return plan.config->name == name; });
    return found != clusters_.end() ? &*found : nullptr;
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

/// Yields a line for each conflict.
std::vector<std::string> Snapshot::take_table(std::optional<routing::RouteTable> table) {
    std::vector<std::string> problems;
    // Of a copy it would be another list's.
    if (!table || table->routes().data() != config_.routes.data() || table->routes().size() != config_.routes.size()) {
        auto built = routing::RouteTable::build(config_.routes);
        if (!built) {
            for (const routing::Conflict& conflict : built.error()) problems.push_back(describe(conflict));
            return problems;
        }
        table = std::move(*built);
    }
    routes_ = std::make_unique<routing::RouteTable>(std::move(*table));
    return problems;
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
        routes_by_identity_.emplace(identity_of(route), static_cast<std::uint32_t>(route_plans_.size()));
        route_plans_.push_back(std::move(plan));
    }
}

std::expected<std::shared_ptr<const Snapshot>, std::vector<std::string>> Snapshot::build(
    config::Config config, Surroundings surroundings) {
    std::shared_ptr<Snapshot> snapshot(new Snapshot(std::move(config)));
    if (auto problems = snapshot->take_table(std::move(surroundings.routes)); !problems.empty()) {
        return std::unexpected(std::move(problems));
    }
    if (auto problems = snapshot->plan_listeners(surroundings.previous); !problems.empty()) {
        return std::unexpected(std::move(problems));
    }
    if (auto problems = snapshot->plan_clusters(surroundings.previous); !problems.empty()) {
        return std::unexpected(std::move(problems));
    }
    snapshot->plan_routes();
    snapshot->take_metrics(surroundings.metrics);
    snapshot->measure_head_room();
    return snapshot;
}

}  // namespace sluice::proxy
