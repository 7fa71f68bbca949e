// An exchange that ends in another protocol: WebSocket, or whatever the route allows (RFC 9110, 7.8).

#include <utility>

#include "base/text.hpp"
#include "filters/hop_by_hop.hpp"
#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/session.hpp"
#include "proxy/tunnel.hpp"
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
    return named == 1;
}

/// After the upstream's 101: it is passed on, and from then on bytes are.
net::Task<Result<void>> Exchange::switch_protocols(const config::Forward& forward) {
    session_.stream().unwatch();
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
    // What came with the heads goes out first; the large buffers are for heads only.
    const std::string from_upstream(response_buffer_.data() + response_head_bytes_, response_used_ - response_head_bytes_);
    response_buffer_ = {};
    request_buffer_ = {};
    co_await run_tunnel(forward, from_upstream);
    release_upstream(false);
    co_return Result<void>{};
}

net::Task<void> Exchange::run_tunnel(const config::Forward& forward, std::string_view from_upstream) {
    const TunnelSettings settings{forward.upgrade_idle, equal_ignoring_case(protocol_, "websocket")};
    Tunnel tunnel(state_.worker(), session_.stream(), upstream_->stream, settings);
    tunnel_ = &tunnel;
    state_.metrics().tunnel_opened();
    if (session_.is_draining()) drain();
    const TunnelEnd end = co_await tunnel.run(body_.leftover(), from_upstream);
    state_.metrics().tunnel_closed();
    tunnel_ = nullptr;
    tunnel_bytes_ = tunnel.bytes_from_client();
    if (end == TunnelEnd::Idle) error_ = client_error(ErrorCode::TimedOut, "neither side said anything for upgrade_idle");
}

void Exchange::drain() {
    writer_.close_after();
    if (tunnel_ == nullptr) return;
    const auto window = std::chrono::duration<double, std::milli>(state_.limits().drain) * drain_spread;
    const auto delay = std::chrono::duration_cast<Duration>(window * (state_.worker().random().below(1000) / 1000.0));
    tunnel_->drain(state_.worker().now() + delay);
}

}  // namespace sluice::proxy
