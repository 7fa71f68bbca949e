#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "config/quantity.hpp"
#include "proxy/error_response.hpp"
#include "proxy/explain_parts.hpp"
#include "proxy/upstream_request.hpp"

namespace sluice::proxy {
namespace {

/// The chance of each of the route's clusters, in percent.
std::vector<double> chances_of(const config::Forward& forward) {
    if (!forward.cluster.empty()) return {100};
    double total = 0;
    for (const config::Share& share : forward.split) total += share.weight;
    std::vector<double> chances;
    for (const config::Share& share : forward.split) chances.push_back(100 * share.weight / std::max(total, 1.0));
    return chances;
}

MirrorExplanation explain_mirror(const config::Mirror& mirror, const http::RequestHead& head, bool is_upgrade) {
    MirrorExplanation out{mirror.cluster, mirror.percent, "a copy is sent, whose response nobody waits for"};
    if (is_upgrade) out.words = "not copied: the connection changes its protocol";
    if (head.framing.kind != http::BodyKind::None) out.words += ", if the body arrives whole with the head";
    return out;
}

AnswerExplanation fallback_of(const config::Cluster& cluster) {
    const Error error = upstream_error(ErrorCode::BreakerOpen, "the breaker of cluster " + cluster.name + " is open");
    const std::optional<config::Respond>& fallback = cluster.breaker->fallback;
    if (!fallback) return {status_of(error), error.context(), {}};
    return {fallback->status, error.context() + ": its fallback", {}};
}

/// What the client gets when all clusters that it may go to are of one kind.
AnswerExplanation explain_answer(const ForwardedRequest& request, const std::vector<ClusterExplanation>& clusters) {
    bool all_open = true;
    bool none_has_endpoints = true;
    const config::Cluster* open = nullptr;
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        if (clusters[i].percent <= 0) continue;
        const bool is_open = clusters[i].breaker == "open";
        if (is_open) open = request.snapshot.clusters()[request.plan().clusters[i]].config;
        all_open = all_open && is_open;
        const bool has_any = std::ranges::any_of(clusters[i].endpoints, [](const EndpointExplanation& endpoint) { return endpoint.percent > 0; });
        none_has_endpoints = none_has_endpoints && !has_any;
    }
    if (all_open && open != nullptr) return fallback_of(*open);
    if (none_has_endpoints) {
        return {status_of(upstream_error(ErrorCode::NoEndpoint, {})), "no endpoint of the cluster is available", {}};
    }
    return {std::nullopt, "what the upstream answers", {}};
}

void add_route_limits(const ForwardedRequest& request, std::string_view protocol, std::vector<std::string>& limits) {
    const config::Forward& forward = request.forward();
    limits.push_back("timeout " + config::format_duration(forward.timeout) +
                     " from the complete request to the head of the response, then 504");
    if (protocol.empty()) return;
    limits.push_back("after the change to " + std::string(protocol) + ": closed when neither side says anything for " +
                     config::format_duration(forward.upgrade_idle));
}

}  // namespace

void explain_forward(const ForwardedRequest& request, Explanation& out) {
    const config::Forward& forward = request.forward();
    const std::vector<double> chances = chances_of(forward);
    std::vector<upstream::EndpointPlace> places;
    for (std::size_t i = 0; i < chances.size(); ++i) {
        std::vector<upstream::EndpointPlace> reached;
        out.clusters.push_back(explain_cluster(request, request.snapshot.clusters()[request.plan().clusters[i]], reached));
        out.clusters.back().percent = chances[i];
        if (chances[i] > 0) std::ranges::move(reached, std::back_inserter(places));
    }
    const std::string_view protocol = wanted_protocol(forward, request.head);
    if (forward.mirror) out.mirror = explain_mirror(*forward.mirror, request.head, !protocol.empty());
    add_route_limits(request, protocol, out.limits);
    out.answer = explain_answer(request, out.clusters);
    if (out.answer.status) return;
    Result<UpstreamExplanation> upstream = explain_upstream(request, places);
    if (upstream) {
        out.upstream = std::move(*upstream);
    } else {
        out.answer = {status_of(upstream.error()), upstream.error().context(), {}};
    }
}

}  // namespace sluice::proxy
