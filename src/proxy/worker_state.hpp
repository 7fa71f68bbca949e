#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "filters/forwarded.hpp"
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
        telemetry::LogSink* access_sink;
    };

    WorkerState(net::Worker& worker, const Shared& shared, telemetry::WorkerMetrics& metrics);
    WorkerState(const WorkerState&) = delete;
    WorkerState& operator=(const WorkerState&) = delete;
    ~WorkerState();

    /// Begins a session with an accepted connection; with a handler, one of the gateway's own services.
    void accept(platform::Accepted accepted, const LocalHandler* local = nullptr);

    /// Finishes what goes on and takes nothing new; `on_drained` is called when the last client session has ended.
    void drain(std::function<void()> on_drained);
    /// Breaks off every session, also those of the gateway's own services; `on_ended` comes when all are gone.
    void cut(std::function<void()> on_ended);

    [[nodiscard]] net::Worker& worker() { return worker_; }
    [[nodiscard]] const std::shared_ptr<const Snapshot>& snapshot() const { return shared_.snapshot; }
    [[nodiscard]] const config::Config& config() const { return shared_.snapshot->config(); }
    [[nodiscard]] const config::Limits& limits() const { return config().limits; }
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
    [[nodiscard]] UpstreamConnections& upstreams() { return upstreams_; }
    [[nodiscard]] Mirrors& mirrors() { return mirrors_; }
    [[nodiscard]] SessionList& sessions(bool local) { return local ? local_sessions_ : sessions_; }
    [[nodiscard]] const filters::Forwarded& forwarded() const { return forwarded_; }

    /// Tells a cluster what came of a try at one of its endpoints, and the log when that took the endpoint out of use.
    void record_try(upstream::ClusterState& cluster, upstream::EndpointState& endpoint, upstream::TryResult result);

    void log_breaker(const std::string& cluster, upstream::BreakerState state);

    /// The Date of responses made here, remade once a second.
    [[nodiscard]] std::string_view http_date();

private:
    void publish();
    [[nodiscard]] net::Task<void> run_session(net::Stream stream, platform::Peer peer, const LocalHandler* local);
    void check_ended();

    net::Worker& worker_;
    Shared shared_;
    telemetry::WorkerMetrics& metrics_;
    ContextPool contexts_;
    ScratchPool scratches_;
    UpstreamConnections upstreams_;
    Mirrors mirrors_;
    filters::Forwarded forwarded_;
    std::unique_ptr<telemetry::AccessLog> access_log_;
    /// Once a second while requests come: numbers for other threads, and waiting log lines.
    net::Deadline publish_;
    SessionList sessions_;
    SessionList local_sessions_;
    std::function<void()> on_drained_;
    std::function<void()> on_ended_;
    bool draining_ = false;
    std::int64_t date_second_ = 0;
    http::HttpDate date_{};
};

}  // namespace sluice::proxy
