#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "net/dialer.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "net/timer_wheel.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/metrics.hpp"
#include "upstream/cluster_state.hpp"
#include "proxy/http1_upstream.hpp"
#include "proxy/http2_upstream.hpp"
#include "upstream/idle_pool.hpp"

namespace sluice::proxy {

class EndpointConnections;

/// Closed connections of a worker, kept for reuse of their memory.
using FreeConnections = std::vector<std::unique_ptr<Http1Upstream>>;

/// A request's wait for a connection to an endpoint, in the endpoint's queue or while it is dialed.
///
/// Lifetime: outlives the `connect` that it is given to; may be used again afterwards.
class ConnectionWait {
public:
    explicit ConnectionWait(net::TimerWheel& timers)
        : deadline_(timers, [](void* self) { static_cast<ConnectionWait*>(self)->end(Outcome::TooLate); }, this) {}

    enum class Abort : std::uint8_t {
        /// A dial that others wait for goes on, and the wait ends with it.
        Wait,
        Dial,
    };
    /// Ends the wait with ErrorCode::Cancelled; true when there was one to end.
    bool abort(Abort what = Abort::Wait);
    /// The last `connect` failed because another's dial did.
    [[nodiscard]] bool has_inherited() const { return has_inherited_; }

private:
    friend class EndpointConnections;
    enum class Outcome : std::uint8_t { Idle, Queued, Link, MayDial, Failed, TooLate, Cancelled };

    /// Takes it out of the queue and resumes its coroutine.
    void end(Outcome outcome);

    net::Dialing dialing_;
    /// The connection that is about to say that it speaks HTTP/2.
    Http2Upstream* beginning_ = nullptr;
    Outcome outcome_ = Outcome::Idle;
    /// Of the dial that others waited for.
    std::optional<Error> failure_;
    bool has_inherited_ = false;
    /// Where it dials for others too.
    EndpointConnections* dials_at_ = nullptr;
    /// Nobody waits for what it dials but those.
    bool has_left_ = false;
    /// It counts among those that wait for a place: there is a limit to connections.
    bool wants_place_ = false;
    /// When it came, among those of its endpoint.
    std::uint64_t number_ = 0;
    UpstreamLink* link_ = nullptr;
    EndpointConnections* queued_at_ = nullptr;
    std::list<ConnectionWait*>::iterator place_;
    net::Deadline deadline_;
    net::Event ready_;
};

/// A worker's connections to one endpoint: idle ones, those in use, and the requests that wait because the endpoint has
/// as many as it may, or for the one that is dialed and will serve them all.
///
/// Threading: one worker.
/// Lifetime:  made by ClusterConnections; when the endpoint leaves its cluster this one is retired and lives on until the
///            last exchange that holds it has ended. A connection belongs to the caller until it is released or discarded.
class EndpointConnections final : private Http2UpstreamOwner {
public:
    struct Context {
        net::Worker& worker;
        telemetry::WorkerMetrics& metrics;
        FreeConnections& free;
    };

    EndpointConnections(const Context& context, std::shared_ptr<upstream::EndpointState> state);
    EndpointConnections(const EndpointConnections&) = delete;
    EndpointConnections& operator=(const EndpointConnections&) = delete;
    ~EndpointConnections();

    /// The cluster has other settings, or other places in the metrics. Called once before all else.
    void follow(std::shared_ptr<upstream::ClusterState> cluster, std::uint32_t metric_index,
                std::shared_ptr<const void> metrics_lease);
    /// The cluster has other settings, and no longer this endpoint: it ends where the others go on.
    void follow(std::shared_ptr<upstream::ClusterState> cluster) { cluster_ = std::move(cluster); }

    [[nodiscard]] upstream::EndpointState& state() { return *state_; }
    [[nodiscard]] const std::shared_ptr<upstream::EndpointState>& shared_state() const { return state_; }
    [[nodiscard]] const std::string& name() const { return state_->name; }
    /// Its place in the worker's metrics.
    [[nodiscard]] std::uint32_t metric_index() const { return metric_index_; }

    /// An idle connection, or a free stream of one; or nullptr.
    [[nodiscard]] UpstreamLink* take_idle();
    /// The same of a new connection, or of one that another request gives back.
    /// Failure: of the dialer; NoConnection when the queue is full or the wait too long.
    [[nodiscard]] net::Task<Result<UpstreamLink*>> connect(ConnectionWait& wait);

    /// Gives back a connection that can carry another request.
    void release(Http1Upstream& connection);
    void discard(Http1Upstream& connection);

    void close_idle();
    void close_idle_since(TimePoint now);
    [[nodiscard]] std::size_t idle_count() const;

    /// The endpoint is no longer one of its cluster's.
    void retire();
    [[nodiscard]] bool is_retired() const { return is_retired_; }
    /// Exchanges that look at it, beside those with one of its connections.
    void hold() { ++holds_; }
    void let_go() { --holds_; }
    [[nodiscard]] bool is_in_use() const { return holds_ != 0 || in_use_ != 0 || !http2_.empty(); }

    /// A place for a connection may be free, or other workers wait for one. Requests go on inside this call.
    void serve_queue();

private:
    friend class Http1Upstream;
    friend class ConnectionWait;

    struct Close {
        EndpointConnections* owner;
        void operator()(Http1Upstream& connection) const { owner->close_idle_connection(connection); }
    };

    [[nodiscard]] net::Task<Result<void>> wait_for_slot(ConnectionWait& wait);
    [[nodiscard]] net::Task<Result<net::Stream>> dial_stream(ConnectionWait& wait, std::shared_ptr<const tls::ClientContext>& tls);
    [[nodiscard]] net::Task<Result<UpstreamLink*>> dial(ConnectionWait& wait);
    void give_slot_back();
    void offer_slot();
    void close(Http1Upstream& connection);
    void close_idle_connection(Http1Upstream& connection);
    void leave_pool(Http1Upstream& connection);
    void close_one_idle();

    // endpoint_http2.cpp: the same with connections that carry many requests each.
    /// A connection, and whether the metrics have it among the idle ones.
    struct Http2Entry {
        Http2Upstream* connection = nullptr;
        bool is_idle = false;
    };
    void on_free_stream(Http2Upstream& connection) override;
    void on_ended(Http2Upstream& connection) override;
    [[nodiscard]] bool speaks_http2() const { return cluster_->config().protocol == config::Protocol::Http2; }
    [[nodiscard]] UpstreamLink* take_stream();
    [[nodiscard]] net::Task<Result<UpstreamLink*>> dial_http2(ConnectionWait& wait);
    [[nodiscard]] Http2Upstream::Settings http2_settings(bool has_tls) const;
    void fail_queue(const Error& error);
    [[nodiscard]] bool knows(const Http2Upstream* connection) const;
    void count_idle(Http2Entry& entry);
    void finish_http2(bool only_idle, TimePoint idle_before);
    void let_http2_go();

    Context context_;
    std::shared_ptr<upstream::ClusterState> cluster_;
    std::shared_ptr<upstream::EndpointState> state_;
    net::Destination destination_;
    std::uint32_t metric_index_ = 0;
    std::shared_ptr<const void> metrics_lease_;
    upstream::IdlePool<Http1Upstream, Close> idle_;
    std::uint32_t in_use_ = 0;
    std::uint32_t holds_ = 0;
    bool is_retired_ = false;
    bool is_serving_ = false;
    std::vector<Http2Entry> http2_;
    /// Connections with HTTP/2 that are about to be there.
    std::uint32_t dials_ = 0;
    /// Requests that have waited so far.
    std::uint64_t waits_ = 0;
    /// First come, first served; shorter than the pool's `queue`.
    std::list<ConnectionWait*> queue_;
    /// What the next TLS handshake goes on with.
    std::shared_ptr<tls::SessionSlot> session_;
    /// What is posted finds by it whether this object is still there.
    std::shared_ptr<EndpointConnections*> alive_;
};

}  // namespace sluice::proxy
