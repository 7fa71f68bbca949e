#include "proxy/worker_state.hpp"

#include <algorithm>
#include <utility>

#include "proxy/http1_session.hpp"
#include "proxy/http2_session.hpp"
#include "proxy/tls_handshake.hpp"

namespace sluice::proxy {

WorkerState::WorkerState(net::Worker& worker, const Shared& shared,
                         telemetry::WorkerMetrics& metrics)
    : worker_(worker),
      shared_(shared),
      limits_(shared.snapshot->config().limits),
      metrics_(metrics),
      contexts_(limits_.contexts),
      upstreams_(worker, shared.snapshot, metrics),
      mirrors_(worker, [this] { check_ended(); }),
      publish_(
          worker.timers(), [](void* self) { static_cast<WorkerState*>(self)->publish(); }, this),
      end_listeners_(
          worker.timers(), [](void* self) { static_cast<WorkerState*>(self)->end_listeners(); }, this) {
    open_access_log();
}

WorkerState::~WorkerState() = default;

void WorkerState::publish() {
    const Published before = published_;
    published_ = {contexts_.hits(), contexts_.misses(), contexts_.overflows(), before.log_drops};
    metrics_.add_contexts(published_.hits - before.hits, published_.misses - before.misses,
                          published_.overflows - before.overflows);
    if (!access_log_) return;
    access_log_->flush();
    published_.log_drops = access_log_->drops();
    metrics_.add_log_drops(published_.log_drops - before.log_drops);
}

void WorkerState::accept(platform::Accepted accepted, ListenerId listener, const std::string& key) {
    net::Stream stream(worker_, accepted.socket.release());
    const ListenerPlan* const plan = shared_.snapshot->find_listener(key);
    const auto leaving = plan != nullptr ? leaving_listeners_.end() : leaving_listeners_.find(key);
    const bool is_unknown = plan == nullptr && leaving == leaving_listeners_.end();
    // A connection too many is closed at once: an answer would cost what the limit is there to save.
    if (draining_ || is_unknown || !shared_.connection_limit.admit(accepted.peer)) {
        metrics_.count_refused(ErrorCode::TooManyConnections);
        stream.reset_on_close();
        return;
    }
    metrics_.connection_opened();
    worker_.add_load(1);
    Entrance entrance{.tls = plan != nullptr ? plan->tls : leaving->second, .listener = listener,
                      .redirects_to_https = plan != nullptr && plan->config->redirect_to_https};
    if (entrance.tls) {
        TlsHandshake::begin(*this, std::move(stream), accepted.peer, std::move(entrance));
    } else {
        Http1Session::begin(*this, std::move(stream), accepted.peer, std::move(entrance));
    }
}

void WorkerState::accept(platform::Accepted accepted, ListenerId listener, const LocalHandler& local) {
    worker_.add_load(1);
    Http1Session::begin(*this, net::Stream(worker_, accepted.socket.release()), accepted.peer, Entrance{.local = &local, .listener = listener});
}

void WorkerState::close_connection(const platform::Peer& peer, bool is_local) {
    worker_.add_load(-1);
    if (is_local) return;
    metrics_.connection_closed();
    shared_.connection_limit.leave(peer);
}

void WorkerState::open_access_log() {
    access_log_.reset();
    published_.log_drops = 0;
    if (shared_.access_sink) access_log_ = std::make_unique<telemetry::AccessLog>(*shared_.access_sink);
}

/// A listener goes on accepting until it is told to stop, which comes after the workers have another configuration.
void WorkerState::remember_leaving(const Snapshot& next) {
    leaving_listeners_.clear();
    for (const auto& [key, plan] : shared_.snapshot->listeners()) {
        if (next.find_listener(key) == nullptr) leaving_listeners_.emplace(key, plan.tls);
    }
}

void WorkerState::follow(std::shared_ptr<const Snapshot> snapshot, std::shared_ptr<telemetry::LogSink> access_sink) {
    if (access_log_) publish();
    // The log writes what it still has into the old sink.
    const std::shared_ptr<telemetry::LogSink> old_sink = std::exchange(shared_.access_sink, std::move(access_sink));
    if (old_sink != shared_.access_sink) open_access_log();
    remember_leaving(*snapshot);
    shared_.snapshot = std::move(snapshot);
    limits_ = shared_.snapshot->config().limits;
    contexts_.set_capacity(limits_.contexts);
    upstreams_.follow(shared_.snapshot);
    sessions_.for_each(&Session::follow);
}

void WorkerState::count(Usage& usage) {
    sessions_.for_each([&usage](const Session& session) { session.count(usage); });
}

void WorkerState::retire(std::function<void()> on_retired) {
    on_retired_ = std::move(on_retired);
    sessions_.for_each(&Session::retire);
    check_ended();
}

void WorkerState::retire_listener(ListenerId listener) {
    sessions_.for_each([listener](Session& session) {
        if (session.listener() == listener) session.leave_listener();
    });
    // Administration ends with the present answer, which may be the one about this very change.
    local_sessions_.for_each([listener](Session& session) {
        if (session.listener() == listener) session.drain();
    });
    retired_listeners_.push_back({listener, worker_.now() + limits_.drain});
    set_end_of_listeners();
}

void WorkerState::set_end_of_listeners() {
    const auto next = std::ranges::min_element(retired_listeners_, {}, &RetiredListener::end);
    if (next != retired_listeners_.end()) end_listeners_.set(next->end);
}

/// Sessions that had nothing to say within the drain time.
void WorkerState::end_listeners() {
    const TimePoint now = worker_.now();
    const auto is_due = [now](const RetiredListener& listener) { return listener.end <= now; };
    sessions_.for_each([&](Session& session) {
        const auto listener = std::ranges::find(retired_listeners_, session.listener(), &RetiredListener::id);
        if (listener != retired_listeners_.end() && is_due(*listener)) session.drain();
    });
    std::erase_if(retired_listeners_, is_due);
    set_end_of_listeners();
}

void WorkerState::leave(std::function<void()> on_left) {
    on_left_ = std::move(on_left);
    leaves_until_ = worker_.now() + limits_.drain;
    sessions_.for_each(&Session::leave_listener);
    // Administration asks the other process from now on.
    local_sessions_.for_each(&Session::drain);
    check_ended();
}

Duration WorkerState::drain_time() const {
    return leaves_until_ ? std::max(*leaves_until_ - worker_.now(), Duration{}) : Duration(limits_.drain);
}

void WorkerState::drain(std::function<void()> on_drained) {
    draining_ = true;
    on_left_ = nullptr;
    on_drained_ = std::move(on_drained);
    sessions_.for_each(&Session::drain);
    check_ended();
}

void WorkerState::cut(std::function<void()> on_ended) {
    draining_ = true;
    // Nobody waits for the drain any more.
    on_drained_ = nullptr;
    on_ended_ = std::move(on_ended);
    sessions_.for_each(&Session::cut);
    local_sessions_.for_each(&Session::cut);
    mirrors_.cut();
    upstreams_.close_idle();
    check_ended();
}

void WorkerState::check_ended() {
    if (on_retired_ && sessions_.empty() && local_sessions_.empty() && mirrors_.empty()) {
        std::exchange(on_retired_, nullptr)();
    }
    if (on_left_ && sessions_.empty()) {
        // Some may be to the gateway's own services.
        upstreams_.close_idle();
        if (local_sessions_.empty()) std::exchange(on_left_, nullptr)();
    }
    if (on_drained_ && sessions_.empty()) std::exchange(on_drained_, nullptr)();
    if (on_ended_ && sessions_.empty() && local_sessions_.empty() && mirrors_.empty()) {
        std::exchange(on_ended_, nullptr)();
    }
}

void WorkerState::record_try(upstream::ClusterState& cluster, upstream::EndpointState& endpoint,
                             upstream::TryResult result) {
    const std::optional<TimePoint> until = cluster.record(endpoint, result, worker_.now());
    if (!until) return;
    const auto time = std::chrono::round<std::chrono::milliseconds>(*until - worker_.now());
    const std::string_view reason =
        result == upstream::TryResult::ConnectFailure ? "connects failed" : "responses were errors";
    log().warn("endpoint ejected", {{"cluster", cluster.config().name},
                                    {"endpoint", endpoint.name},
                                    {"reason", reason},
                                    {"for_ms", std::to_string(time.count())}});
}

bool WorkerState::may_tell_of_tls() {
    if (worker_.now() < next_tls_line_) return false;
    next_tls_line_ = worker_.now() + std::chrono::seconds{1};
    return true;
}

void WorkerState::tell_of_upstream_tls(const std::string& cluster, const Error& error) {
    const LogLevel level = may_tell_of_tls() ? LogLevel::Warn : LogLevel::Debug;
    log().write(level, "no secure connection to an upstream", {{"cluster", cluster}, {"reason", error.context()}});
}

void WorkerState::log_breaker(const std::string& cluster, upstream::BreakerState state) {
    if (state == upstream::BreakerState::Open) {
        log().warn("breaker opened: the cluster is left alone for a while", {{"cluster", cluster}});
    } else if (state == upstream::BreakerState::Closed) {
        log().info("breaker closed: the cluster is well again", {{"cluster", cluster}});
    }
}

std::string_view WorkerState::http_date() {
    const std::int64_t second = wall_clock_milliseconds() / 1000;
    if (second != date_second_) {
        date_second_ = second;
        date_ = http::http_date(second);
    }
    return {date_.data(), date_.size()};
}

}  // namespace sluice::proxy
