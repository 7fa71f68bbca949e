// An exchange that ends in another protocol: WebSocket, or whatever the route allows (RFC 9110, 7.8).

#include <utility>

#include "base/text.hpp"
#include "config/route_words.hpp"
#include "filters/hop_by_hop.hpp"
#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/tunnel.hpp"
#include "proxy/usage.hpp"
#include "proxy/websocket_key.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

/// Close frames of a drain go out within this share of the drain time, so that clients do not all come back at once and
/// those told last still have time to answer.
constexpr double drain_spread = 0.8;

}  // namespace

/// Whether a 101 is what was asked for, and that alone.
bool Exchange::is_switch_sound() const {
    if (protocol_.empty()) return false;
    std::size_t named = 0;
    for (const http::Field& field : scratch_.response.fields) {
        if (field.id != http::FieldId::Upgrade) continue;
        if (!equal_ignoring_case(field.value, protocol_)) return false;
        ++named;
    }
    return named == 1 && (!client_.must_switch() || !equal_ignoring_case(protocol_, websocket) || has_accepted_key());
}

/// Where the key is ours, so is the look at the answer (RFC 6455, 4.1).
bool Exchange::has_accepted_key() const {
    const std::string_view key = only_value(head_.fields, websocket_key_field);
    const std::string accept = websocket_accept(key);
    return !accept.empty() && only_value(scratch_.response.fields, websocket_accept_field) == accept;
}

/// After the upstream's 101: it is passed on, and from then on bytes are.
net::Task<Result<void>> Exchange::switch_protocols(const config::Forward& forward) {
    client_.unwatch();
    http::ResponseHead& response = scratch_.response;
    if (filters::remove_hop_by_hop(response.fields).too_many_options) {
        release_upstream(false);
        co_return fail(upstream_failure({ErrorCode::BadResponse, Side::Upstream, Retry::Never, "Connection names too many fields", {}}));
    }
    plan_->response_headers.apply(response.fields);
    const Result<void> sent = co_await writer_.send_switch(response, protocol_, response_head_bytes_ + snapshot_->head_room_bytes());
    if (!sent) {
        client_gone_ = true;
        release_upstream(false);
        co_return fail(client_error(ErrorCode::ClientClosed, "the client left before the change of protocol"));
    }
    // What came with the head goes out first; the large buffer is for heads only.
    const std::string from_upstream(response_buffer_.data() + response_head_bytes_, response_used_ - response_head_bytes_);
    response_buffer_ = {};
    co_await run_tunnel(forward, from_upstream);
    release_upstream(false);
    co_return Result<void>{};
}

net::Task<void> Exchange::run_tunnel(const config::Forward& forward, std::string_view from_upstream) {
    const TunnelSettings settings{forward.upgrade_idle, equal_ignoring_case(protocol_, websocket)};
    StreamSide plain_client;
    StreamSide plain_upstream;
    Tunnel tunnel(state_.worker(), client_.tunnel_side(plain_client), upstream_->tunnel_side(plain_upstream), settings);
    tunnel_ = &tunnel;
    context_->set(ContextFlag::Upgraded);
    state_.metrics().tunnel_opened();
    // The configuration may have changed while the upstream thought about it.
    follow();
    if (client_.is_draining() || client_.is_leaving()) drain();
    // A stream may be reset while nobody reads it.
    if (client_.must_switch()) client_.watch(this);
    const TunnelEnd end = co_await tunnel.run(body_->leftover(), from_upstream);
    client_.unwatch();
    if (client_.must_switch() && (end == TunnelEnd::Failed || end == TunnelEnd::Cut || end == TunnelEnd::Idle)) client_.reset_on_close();
    state_.metrics().tunnel_closed();
    tunnel_ = nullptr;
    tunnel_bytes_ = tunnel.bytes_from_client();
    if (end == TunnelEnd::Idle) error_ = client_error(ErrorCode::TimedOut, "neither side said anything for upgrade_idle");
}

void Exchange::drain() {
    finish();
    if (tunnel_ != nullptr) drain_tunnel();
}

void Exchange::drain_tunnel() {
    const auto window = std::chrono::duration<double, std::milli>(state_.drain_time()) * drain_spread;
    const auto delay = std::chrono::duration_cast<Duration>(window * (state_.worker().random().below(1000) / 1000.0));
    tunnel_->drain(state_.worker().now() + delay);
}

/// The cluster of a tunnel in another snapshot, if the route there leads to it, allows its protocol, and its endpoint is
/// still one of those configured; nullptr if not.
const ClusterPlan* Exchange::tunnel_cluster(const Snapshot& snapshot, std::uint32_t route) const {
    const config::Route& counterpart = snapshot.config().routes[route];
    const auto* const forward = std::get_if<config::Forward>(&counterpart.action);
    if (forward == nullptr) return nullptr;
    const auto is_protocol = [&](const std::string& protocol) { return equal_ignoring_case(protocol, protocol_); };
    if (std::ranges::none_of(forward->upgrade, is_protocol)) return nullptr;
    const std::string& name = cluster_plan_->config->name;
    for (const std::uint32_t index : snapshot.route(route).clusters) {
        const ClusterPlan& cluster = snapshot.clusters()[index];
        if (cluster.config->name != name) continue;
        return cluster.state == cluster_plan_->state || cluster.state->has(endpoint_->state()) ? &cluster : nullptr;
    }
    return nullptr;
}

void Exchange::count(Usage& usage) const {
    const Use use = tunnel_ != nullptr ? Use{0, 0, 1} : Use{0, 1, 0};
    usage.all.add(use);
    if (match_.route != nullptr) usage.routes[config::route_name(*match_.route)].add(use);
    if (cluster_plan_ == nullptr) return;
    usage.clusters[cluster_plan_->config->name].add(use);
    if (endpoint_) usage.endpoints[{cluster_plan_->config->name, endpoint_->state().place.authority}].add(use);
}

void Exchange::follow() {
    if (tunnel_ == nullptr || snapshot_ == state_.snapshot()) return;
    const std::shared_ptr<const Snapshot>& next = state_.snapshot();
    const std::optional<std::uint32_t> route = next->find(*match_.route);
    const ClusterPlan* const cluster = route ? tunnel_cluster(*next, *route) : nullptr;
    if (cluster == nullptr) {
        drain_tunnel();
        return;
    }
    if (breaker_ != nullptr && breaker_ != cluster->state->breaker()) std::exchange(breaker_, nullptr)->leave(admission_);
    match_.route = &next->config().routes[*route];
    match_.route_index = *route;
    plan_ = &next->route(*route);
    cluster_plan_ = cluster;
    context_->set_route(match_.route, match_.route_index);
    snapshot_ = next;
}

}  // namespace sluice::proxy
