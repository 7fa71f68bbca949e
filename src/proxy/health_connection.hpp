#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/dialer.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "proxy/http1_upstream.hpp"
#include "proxy/http2_upstream.hpp"
#include "upstream/cluster_state.hpp"

namespace sluice::proxy {

/// The connection of one health check: of its own, for one request at most, in what the cluster speaks.
///
/// Threading: one worker.
/// Lifetime:  of one check; `close` is awaited before it is destroyed, whatever has failed.
class HealthConnection final : private Http2UpstreamOwner {
public:
    HealthConnection(net::Worker& worker, std::shared_ptr<upstream::ClusterState> cluster, std::shared_ptr<upstream::EndpointState> endpoint);
    HealthConnection(const HealthConnection&) = delete;
    HealthConnection& operator=(const HealthConnection&) = delete;
    ~HealthConnection() = default;

    /// Connects, with TLS where the cluster has it. `session` is what the handshake goes on with, and gets the next one.
    /// Failure: of net::dial and of `secure`.
    [[nodiscard]] net::Task<Result<void>> dial(std::shared_ptr<tls::SessionSlot> session, TimePoint deadline);
    /// The way for the request, which is broken off when the deadline passes.
    /// Failure: side Upstream, TlsRefused, UpstreamClosed, ConnectTimeout or NoConnection: it does not speak HTTP/2. Cancelled after `abort`.
    [[nodiscard]] net::Task<Result<UpstreamLink*>> begin(TimePoint deadline);
    /// The deadline has passed; whoever waited got Cancelled.
    [[nodiscard]] bool is_late() const { return is_late_; }
    /// Says farewell where HTTP/2 has one; within the deadline.
    [[nodiscard]] net::Task<void> close();

    /// Whoever waits in it, or in the link, is resumed with Cancelled. It may be gone behind this.
    void abort();

private:
    void on_free_stream(Http2Upstream&) override {}
    void on_ended(Http2Upstream& connection) override;
    [[nodiscard]] net::Task<Result<UpstreamLink*>> begin_http2(TimePoint deadline);
    void expire();

    net::Worker& worker_;
    std::shared_ptr<upstream::ClusterState> cluster_;
    std::shared_ptr<upstream::EndpointState> endpoint_;
    /// The rules by which it is secured; nullptr: none.
    std::shared_ptr<const tls::ClientContext> tls_;
    net::Dialing dialing_;
    net::Stream stream_;
    Http1Upstream http1_;
    /// Until it has ended.
    Http2Upstream* http2_ = nullptr;
    UpstreamLink* link_ = nullptr;
    net::Event ended_;
    net::Deadline deadline_;
    bool is_aborted_ = false;
    bool is_late_ = false;
};

}  // namespace sluice::proxy
