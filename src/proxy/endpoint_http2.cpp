// An endpoint's connections with HTTP/2, each of which carries the requests of many clients.

#include <algorithm>
#include <utility>

#include "net/worker.hpp"
#include "proxy/endpoint_connections.hpp"

namespace sluice::proxy {
namespace {

/// Requests at the same time on one connection; an upstream may allow fewer. More of them would often share one core of it.
constexpr std::uint32_t most_streams = 100;
constexpr std::uint32_t most_fields = 200;
constexpr std::uint32_t most_field_bytes = 64 * 1024;

}  // namespace

Http2Upstream::Settings EndpointConnections::http2_settings(bool has_tls) const {
    const config::Cluster& cluster = cluster_->config();
    return {.limits = {most_fields, most_field_bytes, most_streams},
            .write_stall = cluster.read_timeout,
            .most_requests = cluster.pool.max_requests,
            .scheme = has_tls ? "https" : "http"};
}

/// A free stream of a connection that there is; nullptr when there is none.
UpstreamLink* EndpointConnections::take_stream() {
    for (Http2Entry& entry : http2_) {
        if (entry.connection->tls() != cluster_->tls()) continue;
        Http2UpstreamStream* const stream = entry.connection->open();
        if (stream == nullptr) continue;
        count_idle(entry);
        return stream;
    }
    return nullptr;
}

/// The caller has a place for it. Those that wait get streams of the same connection, or the same failure.
net::Task<Result<UpstreamLink*>> EndpointConnections::dial_http2(ConnectionWait& wait) {
    hold();
    wait.dials_at_ = this;
    wait.has_left_ = false;
    std::shared_ptr<const tls::ClientContext> tls;
    Result<net::Stream> stream = co_await dial_stream(wait, tls);
    if (stream && tls && stream->tls()->facts().protocol != "h2") {
        stream = fail(upstream_error(ErrorCode::TlsRefused, name() + " does not agree on HTTP/2 (ALPN)", Retry::Always));
    }
    Result<void> ready;
    UpstreamLink* link = nullptr;
    Http2Upstream* connection = nullptr;
    if (!stream) {
        ready = fail(std::move(stream.error()));
        give_slot_back();
    } else {
        const TimePoint deadline = context_.worker.now() + cluster_->config().connect_timeout;
        Http2UpstreamOwner& owner = *this;
        auto made = std::make_unique<Http2Upstream>(context_.worker, std::move(*stream), tls, http2_settings(tls != nullptr), owner);
        connection = wait.beginning_ = made.get();
        http2_.push_back({connection, false});
        context_.metrics.add_upstream_active(metric_index_, 1);
        Http2Upstream::run(std::move(made));
        // The upstream may have closed it already, and it is gone.
        if (knows(connection)) {
            ready = co_await connection->await_settings(deadline, name());
        } else {
            ready = fail(upstream_error(ErrorCode::UpstreamClosed, name() + " closed the connection before its SETTINGS of HTTP/2", Retry::Always));
        }
        wait.beginning_ = nullptr;
        if (ready && !wait.has_left_) link = connection->open();
        // Meanwhile the cluster may have got other settings, or the endpoint have left it. One without a free stream may never have any,
        // and another is dialed for the next request.
        if (ready && ((link == nullptr && !wait.has_left_) || is_retired_ || !speaks_http2() || tls != cluster_->tls())) connection->finish();
    }
    --dials_;
    wait.dials_at_ = nullptr;
    if (ready && link == nullptr && !wait.has_left_) ready = fail(upstream_error(ErrorCode::NoConnection, name() + " takes no streams of HTTP/2", Retry::Always));
    // Where there are others, a stream of those may come free.
    const auto is_another = [&](const Http2Entry& entry) { return entry.connection != connection && entry.connection->takes_requests(); };
    const bool has_others = std::ranges::any_of(http2_, is_another);
    if (!ready && ready.error().code != ErrorCode::Cancelled && !has_others) fail_queue(ready.error());
    serve_queue();
    for (Http2Entry& entry : http2_) count_idle(entry);
    let_go();
    if (wait.has_left_) co_return fail(net::cancelled());
    if (!ready) co_return fail(std::move(ready.error()));
    co_return link;
}

/// Those that waited for the same connection; whoever comes back meanwhile waits for the next.
void EndpointConnections::fail_queue(const Error& error) {
    const std::uint64_t last = waits_;
    const bool was_serving = std::exchange(is_serving_, true);
    while (!queue_.empty() && queue_.front()->number_ <= last) {
        queue_.front()->failure_ = error;
        queue_.front()->end(ConnectionWait::Outcome::Failed);
    }
    is_serving_ = was_serving;
}

bool EndpointConnections::knows(const Http2Upstream* connection) const {
    return std::ranges::find(http2_, connection, &Http2Entry::connection) != http2_.end();
}

void EndpointConnections::on_free_stream(Http2Upstream& connection) {
    const auto entry = std::ranges::find(http2_, &connection, &Http2Entry::connection);
    if (entry != http2_.end()) count_idle(*entry);
    if (!queue_.empty()) {
        serve_queue();
    } else if (connection.is_idle() && state_->waiting() != 0) {
        // Another worker waits for the place that this one would hold for nothing.
        connection.finish();
    }
}

void EndpointConnections::on_ended(Http2Upstream& connection) {
    const auto entry = std::ranges::find(http2_, &connection, &Http2Entry::connection);
    if (entry == http2_.end()) return;
    if (entry->is_idle) {
        context_.metrics.add_upstream_idle(metric_index_, -1);
    } else {
        context_.metrics.add_upstream_active(metric_index_, -1);
    }
    http2_.erase(entry);
    give_slot_back();
}

/// Brings the metrics up to date.
void EndpointConnections::count_idle(Http2Entry& entry) {
    if (entry.is_idle == entry.connection->is_idle()) return;
    entry.is_idle = !entry.is_idle;
    context_.metrics.add_upstream_idle(metric_index_, entry.is_idle ? 1 : -1);
    context_.metrics.add_upstream_active(metric_index_, entry.is_idle ? -1 : 1);
}

/// They carry no further request. Each may be gone at once, and change the list.
void EndpointConnections::finish_http2(bool only_idle, TimePoint idle_before) {
    std::vector<Http2Upstream*> leaving;
    for (const Http2Entry& entry : http2_) {
        const bool is_idle = entry.is_idle && entry.connection->idle_since() <= idle_before;
        if (is_idle || !only_idle) leaving.push_back(entry.connection);
    }
    for (Http2Upstream* const connection : leaving) {
        if (knows(connection)) connection->finish();
    }
}

void EndpointConnections::let_http2_go() {
    while (!http2_.empty()) {
        Http2Upstream& connection = *http2_.back().connection;
        on_ended(connection);
        connection.let_go();
    }
}

}  // namespace sluice::proxy
