#pragma once

#include <cstdint>
#include <list>
#include <memory>
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

    /// Ends the wait with ErrorCode::Cancelled; true when there was one to end.
    bool abort();

private:
    friend class EndpointConnections;
    enum class Outcome : std::uint8_t { Idle, Queued, Connection, MayDial, TooLate, Cancelled };

    /// Takes it out of the queue and resumes its coroutine.
    void end(Outcome outcome);

    net::Dialing dialing_;
    Outcome outcome_ = Outcome::Idle;
    UpstreamLink* link_ = nullptr;
    EndpointConnections* queued_at_ = nullptr;
    std::list<ConnectionWait*>::iterator place_;
    net::Deadline deadline_;
    net::Event ready_;
};

/// A worker's connections to one endpoint: idle ones, those in use, and the requests that wait because the endpoint has
/// as many as it may.
///
/// Threading: one worker.
/// Lifetime:  made by ClusterConnections; when the endpoint leaves its cluster this one is retired and lives on until the
///            last exchange that holds it has ended. A connection belongs to the caller until it is released or discarded.
class EndpointConnections {
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

    /// An idle connection, or nullptr.
    [[nodiscard]] UpstreamLink* take_idle();
    /// A new connection, or one that another request gives back.
    /// Failure: of the dialer; NoConnection when the queue is full or the wait too long.
    [[nodiscard]] net::Task<Result<UpstreamLink*>> connect(ConnectionWait& wait);

    /// Gives back a connection that can carry another request.
    void release(Http1Upstream& connection);
    void discard(Http1Upstream& connection);

    void close_idle() { idle_.close_all(); }
    void close_idle_since(TimePoint now) { idle_.close_idle_since(now); }
    [[nodiscard]] std::size_t idle_count() const { return idle_.size(); }

    /// The endpoint is no longer one of its cluster's.
    void retire();
    [[nodiscard]] bool is_retired() const { return is_retired_; }
    /// Exchanges that look at it, beside those with one of its connections.
    void hold() { ++holds_; }
    void let_go() { --holds_; }
    [[nodiscard]] bool is_in_use() const { return holds_ != 0 || in_use_ != 0; }

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
    [[nodiscard]] net::Task<Result<UpstreamLink*>> dial(ConnectionWait& wait);
    void give_slot_back();
    void offer_slot();
    void close(Http1Upstream& connection);
    void close_idle_connection(Http1Upstream& connection);
    void leave_pool(Http1Upstream& connection);

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
    /// First come, first served; shorter than the pool's `queue`.
    std::list<ConnectionWait*> queue_;
    /// What the next TLS handshake goes on with.
    std::shared_ptr<tls::SessionSlot> session_;
    /// What is posted finds by it whether this object is still there.
    std::shared_ptr<EndpointConnections*> alive_;
};

}  // namespace sluice::proxy
