#include "proxy/health_connection.hpp"

#include <utility>

#include "net/worker.hpp"
#include "proxy/destination.hpp"
#include "proxy/upstream_tls.hpp"

namespace sluice::proxy {
namespace {

/// What an answer may have; one request is all.
constexpr http2::ClientLimits limits{100, 32 * 1024, 1};

}  // namespace

HealthConnection::HealthConnection(net::Worker& worker, std::shared_ptr<upstream::ClusterState> cluster,
                                   std::shared_ptr<upstream::EndpointState> endpoint)
    : worker_(worker),
      cluster_(std::move(cluster)),
      endpoint_(std::move(endpoint)),
      tls_(cluster_->tls()),
      deadline_(worker.timers(), [](void* self) { static_cast<HealthConnection*>(self)->expire(); }, this) {}

net::Task<Result<void>> HealthConnection::dial(std::shared_ptr<tls::SessionSlot> session, TimePoint deadline) {
    const net::Destination destination = destination_of(endpoint_->place.address);
    Result<net::Stream> stream = co_await net::dial(worker_, destination, deadline, &dialing_);
    if (!stream) co_return fail(std::move(stream.error()));
    stream_ = std::move(*stream);
    if (!tls_) co_return Result<void>{};
    co_return co_await secure(stream_, *tls_, *endpoint_, std::move(session), deadline, dialing_);
}

net::Task<Result<UpstreamLink*>> HealthConnection::begin(TimePoint deadline) {
    if (cluster_->config().protocol == config::Protocol::Http2) {
        Result<UpstreamLink*> begun = co_await begin_http2(deadline);
        if (!begun) co_return begun;
        link_ = *begun;
    } else {
        stream_.set_write_stall_limit(cluster_->config().health_check->timeout);
        http1_.begin(std::move(stream_), nullptr, tls_);
        link_ = &http1_;
    }
    deadline_.set(deadline);
    co_return link_;
}

net::Task<Result<UpstreamLink*>> HealthConnection::begin_http2(TimePoint deadline) {
    const std::string& name = endpoint_->name;
    if (tls_ && stream_.tls()->facts().protocol != "h2") {
        co_return fail(upstream_error(ErrorCode::TlsRefused, name + " does not agree on HTTP/2 (ALPN)"));
    }
    const Http2Upstream::Settings settings{.limits = limits,
                                           .write_stall = cluster_->config().health_check->timeout,
                                           .scheme = tls_ ? "https" : "http"};
    Http2UpstreamOwner& owner = *this;
    auto made = std::make_unique<Http2Upstream>(worker_, std::move(stream_), tls_, settings, owner);
    http2_ = made.get();
    Http2Upstream::run(std::move(made));
    Result<void> ready;
    // It may have ended while it began.
    if (http2_ != nullptr) {
        ready = co_await http2_->await_settings(deadline, name);
    } else {
        ready = fail(upstream_error(ErrorCode::UpstreamClosed, name + " closed the connection before its SETTINGS of HTTP/2"));
    }
    if (!ready) co_return fail(std::move(ready.error()));
    UpstreamLink* const link = http2_->open();
    if (link == nullptr) co_return fail(upstream_error(ErrorCode::NoConnection, name + " takes no streams of HTTP/2"));
    co_return link;
}

net::Task<void> HealthConnection::close() {
    if (link_ != nullptr) std::exchange(link_, nullptr)->give_back(false);
    http1_.end();
    stream_ = net::Stream();
    // Each may end it at once.
    if (http2_ != nullptr && is_aborted_) {
        http2_->abort_wait();
    } else if (http2_ != nullptr) {
        http2_->finish();
    }
    if (http2_ != nullptr) co_await ended_;
    deadline_.clear();
}

void HealthConnection::on_ended(Http2Upstream&) {
    http2_ = nullptr;
    // Whoever is resumed may destroy this.
    ended_.set();
}

void HealthConnection::expire() {
    is_late_ = true;
    abort();
}

void HealthConnection::abort() {
    is_aborted_ = true;
    if (dialing_.abort()) return;
    if (link_ != nullptr) {
        link_->abort();
    } else if (http2_ != nullptr) {
        http2_->abort_wait();
    }
}

}  // namespace sluice::proxy
