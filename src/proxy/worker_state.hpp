#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "http/serializer.hpp"
#include "net/worker.hpp"
#include "platform/socket.hpp"
#include "proxy/connection_limit.hpp"
#include "proxy/context_pool.hpp"
#include "proxy/local_service.hpp"
#include "proxy/mirrors.hpp"
#include "proxy/scratch.hpp"
#include "proxy/session.hpp"
#include "proxy/snapshot.hpp"
#include "proxy/upstream_connections.hpp"
#include "proxy/usage.hpp"
#include "telemetry/access_log.hpp"
#include "telemetry/log_sink.hpp"
#include "telemetry/metrics.hpp"

namespace sluice::proxy {

/// What one worker holds beside its sessions: the snapshot in force and the pools that are its own.
///
/// Threading: the worker's thread, but for what says otherwise.
/// Lifetime:  made before its worker starts, destroyed after it has joined; its sessions end before.
class WorkerState {
public:
    struct Shared {
        std::shared_ptr<const Snapshot> snapshot;
        ConnectionLimit& connection_limit;
        const Log& log;
        /// nullptr when the access log is off.
        std::shared_ptr<telemetry::LogSink> access_sink;
    };

    WorkerState(net::Worker& worker, const Shared& shared, telemetry::WorkerMetrics& metrics);
    WorkerState(const WorkerState&) = delete;
    WorkerState& operator=(const WorkerState&) = delete;
    ~WorkerState();

    /// Begins a session with a connection that a listener has accepted, which the snapshot knows by `key`.
    void accept(platform::Accepted accepted, ListenerId listener, const std::string& key);
    /// Begins one of the gateway's own services.
    void accept(platform::Accepted accepted, ListenerId listener, const LocalHandler& local);

    /// Goes on with another configuration: from the next request of each session on. Requests under way end with theirs;
    /// upgraded connections go on where their route still is, and are told to close within the drain time where not.
    void follow(std::shared_ptr<const Snapshot> snapshot, std::shared_ptr<telemetry::LogSink> access_sink);

    /// Adds what is under way to a count.
    void count(Usage& usage);

    /// No new connections come here any more: each session ends with its next response. `on_retired` is called when the
    /// last one has ended; sessions that stay idle end by their own time limits.
    void retire(std::function<void()> on_retired);
    /// The same for the sessions of one listener.
    void retire_listener(ListenerId listener);

    /// Another process has taken over: each session ends with its next response, upgraded connections are told to close within the
    /// drain time. `on_left` is called when the last one has ended. Whoever has nothing to say within the drain time stays:
    /// `drain` comes next.
    void leave(std::function<void()> on_left);

    /// Finishes what goes on and takes nothing new; `on_drained` is called when the last client session has ended.
    void drain(std::function<void()> on_drained);
    /// Breaks off every session, also those of the gateway's own services; `on_ended` comes when all are gone.
    void cut(std::function<void()> on_ended);

    /// How long those that have to be told to close may be told: the drain time, or what is left of it.
    [[nodiscard]] Duration drain_time() const;

    [[nodiscard]] net::Worker& worker() { return worker_; }
    [[nodiscard]] const std::shared_ptr<const Snapshot>& snapshot() const { return shared_.snapshot; }
    [[nodiscard]] const config::Config& config() const { return shared_.snapshot->config(); }
    /// Those in force: the object stays where it is, its values change by a reload.
    [[nodiscard]] const config::Limits& limits() const { return limits_; }
    [[nodiscard]] const Log& log() const { return shared_.log; }
    [[nodiscard]] telemetry::WorkerMetrics& metrics() { return metrics_; }
    /// nullptr when it is off.
    [[nodiscard]] telemetry::AccessLog* access_log() { return access_log_.get(); }
    /// Something was counted or logged that has to be published within a second.
    void publish_soon() {
        if (!publish_.is_set()) publish_.set(worker_.now() + std::chrono::seconds{1});
    }
    [[nodiscard]] ContextPool& contexts() { return contexts_; }
    [[nodiscard]] ScratchPool& scratches() { return scratches_; }
    /// For one head that is written without waiting: whoever resumes may find another's.
    [[nodiscard]] http::Fields& fields() { return fields_; }
    [[nodiscard]] UpstreamConnections& upstreams() { return upstreams_; }
    [[nodiscard]] Mirrors& mirrors() { return mirrors_; }
    /// A connection that `accept` has begun is over.
    void close_connection(const platform::Peer& peer, bool is_local);
    /// A session is over: whoever waits for the last one is told.
    void check_ended();
    [[nodiscard]] SessionList& sessions(bool local) { return local ? local_sessions_ : sessions_; }

    /// Tells a cluster what came of a try at one of its endpoints, and the log when that took the endpoint out of use.
    void record_try(upstream::ClusterState& cluster, upstream::EndpointState& endpoint, upstream::TryResult result);

    /// Of what others can make happen as often as they like, a line a second is enough. True when it is time for one.
    [[nodiscard]] bool may_tell_of_tls();
    /// Why an upstream does not get its secure connection.
    void tell_of_upstream_tls(const std::string& cluster, const Error& error);

    void log_breaker(const std::string& cluster, upstream::BreakerState state);

    /// The Date of responses made here, remade once a second.
    [[nodiscard]] std::string_view http_date();

private:
    void publish();
    void open_access_log();
    void remember_leaving(const Snapshot& next);
    void end_listeners();
    void set_end_of_listeners();

    net::Worker& worker_;
    Shared shared_;
    config::Limits limits_;
    telemetry::WorkerMetrics& metrics_;
    ContextPool contexts_;
    ScratchPool scratches_;
    http::Fields fields_;
    UpstreamConnections upstreams_;
    Mirrors mirrors_;
    std::unique_ptr<telemetry::AccessLog> access_log_;
    /// What the metrics have of these, which count from 0 with each worker, and each access log.
    struct Published {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
        std::uint64_t overflows = 0;
        std::uint64_t log_drops = 0;
    };
    Published published_;
    /// Once a second while requests come: numbers for other threads, and waiting log lines.
    net::Deadline publish_;
    /// Listeners of the configuration before: connections may still come from them.
    std::map<std::string, std::shared_ptr<const ListenerTls>> leaving_listeners_;
    SessionList sessions_;
    SessionList local_sessions_;
    struct RetiredListener {
        ListenerId id;
        TimePoint end;
    };
    std::vector<RetiredListener> retired_listeners_;
    net::Deadline end_listeners_;
    std::function<void()> on_retired_;
    std::function<void()> on_left_;
    std::optional<TimePoint> leaves_until_;
    std::function<void()> on_drained_;
    std::function<void()> on_ended_;
    bool draining_ = false;
    TimePoint next_tls_line_{};
    std::int64_t date_second_ = 0;
    http::HttpDate date_{};
};

}  // namespace sluice::proxy
