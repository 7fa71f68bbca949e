#pragma once

#include <string_view>
#include <vector>

#include "filters/forwarded.hpp"
#include "http/message.hpp"
#include "proxy/explain.hpp"
#include "routing/condition.hpp"
#include "routing/route_table.hpp"

/// The parts that `explain` puts together.
namespace sluice::proxy {

/// What became of the path on its way into the normal form; a fragment is never sent.
[[nodiscard]] std::vector<std::string> path_steps(std::string_view sent);

[[nodiscard]] RouteExplanation explain_route(const RoutePlan& plan, const routing::Match& match, const routing::RequestKey& key);

/// "header X-Canary", and a value that may be a secret made harmless.
[[nodiscard]] std::string condition_noun(const routing::Condition& condition);
[[nodiscard]] std::string shown_value(std::string_view name, std::string_view value);

/// At most a handful, the nearest first. `chosen` may be null.
[[nodiscard]] std::vector<OtherRoute> explain_others(const Snapshot& snapshot, const routing::RequestKey& key,
                                                     const config::Route* chosen);

/// A request on its way to a cluster.
struct ForwardedRequest {
    const Snapshot& snapshot;
    const http::RequestHead& head;
    std::string_view path;
    const routing::Match& match;
    const filters::Forwarded& forwarded;
    const filters::Peer& peer;
    TimePoint now;
    bool is_live = false;

    [[nodiscard]] const config::Forward& forward() const { return std::get<config::Forward>(match.route->action); }
    [[nodiscard]] const RoutePlan& plan() const { return snapshot.route(match.route_index); }
};

/// Clusters, endpoints, what is sent, and what is answered where nothing can be sent.
void explain_forward(const ForwardedRequest& request, Explanation& out);

/// `places` are those that the request may go to.
[[nodiscard]] ClusterExplanation explain_cluster(const ForwardedRequest& request, const ClusterPlan& cluster,
                                                 std::vector<upstream::EndpointPlace>& places);

/// What a cluster's settings mean for this request, a line each.
[[nodiscard]] std::vector<std::string> cluster_rules(const config::Cluster& cluster, const http::RequestHead& head);

/// The head that goes out, when it may go to these places; the error when it can't.
[[nodiscard]] Result<UpstreamExplanation> explain_upstream(const ForwardedRequest& request,
                                                           const std::vector<upstream::EndpointPlace>& places);

}  // namespace sluice::proxy
