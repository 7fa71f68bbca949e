// Step 8 of an exchange: cluster, breaker, endpoint, connection; and whether a failed try is followed by another.

#include <utility>

#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/upstream_request.hpp"
#include "proxy/worker_state.hpp"
#include "upstream/backoff.hpp"

namespace sluice::proxy {

net::Task<Result<void>> Exchange::forward(const config::Forward& forward) {
    Result<void> done = begin_forward(forward);
    if (!done) co_return done;
    if (!enter_breaker()) {
        co_await answer_fallback();
        co_return done;
    }
    cluster_->budget().count_request(state_.worker().now());
    // Until a response head is there that the client gets, or nothing more is worth trying.
    for (;;) {
        done = pick_endpoint();
        if (!done) break;
        done = co_await attempt(forward);
        ++tries_;
        judge_endpoint(done);
        if (done && !worth_retry(done)) break;
        const bool goes_on = co_await goes_on_after(done);
        if (!goes_on) break;
    }
    tell_breaker(done);
    if (done) done = check_switched();
    // Not one co_await of a conditional expression: GCC 12 would free the frame of the task twice.
    if (done && scratch_.response.status == 101) {
        call_deadline_.reset();
        done = co_await switch_protocols(forward);
    } else if (done) {
        done = co_await relay_response();
    }
    call_deadline_.reset();
    if (breaker_ != nullptr) breaker_->leave(admission_);
    co_return done;
}

Result<void> Exchange::begin_forward(const config::Forward& forward) {
    choose_cluster();
    response_timeout_ = forward.timeout;
    protocol_ = wanted_protocol(forward, head_);
    if (client_.must_switch() && protocol_.empty()) {
        return fail(client_error(ErrorCode::NotImplemented, "this route does not change to the protocol that was asked for"));
    }
    Result<void> begun;
    if (call_ != grpc::Kind::Other) begun = begin_call(forward);
    return begun ? take_first_piece() : begun;
}

/// A success that changes nothing would be taken for the other protocol.
Result<void> Exchange::check_switched() {
    const std::uint16_t status = scratch_.response.status;
    if (!client_.must_switch() || !http::is_success(status)) return {};
    release_upstream(false);
    context_->set(ContextFlag::UpstreamFailed);
    state_.metrics().count_upstream_failure(endpoint_->metric_index(), ErrorCode::BadResponse);
    return fail(upstream_error(ErrorCode::BadResponse, endpoint_->name() + " answered " + std::to_string(status) + " instead of changing the protocol"));
}

void Exchange::choose_cluster() {
    const std::vector<std::uint32_t>& clusters = plan_->clusters;
    const std::size_t choice = clusters.size() == 1 ? 0 : plan_->split.pick(state_.worker().random());
    // The snapshot is still the one in force: nothing has been waited for since it was taken.
    cluster_plan_ = &snapshot_->clusters()[clusters[choice]];
    cluster_ = ClusterConnections::Use(state_.upstreams().cluster(clusters[choice]));
}

/// What has come of the body with the head goes out with it.
Result<void> Exchange::take_first_piece() {
    Result<std::optional<MessageBody::Piece>> first = body_->next_buffered();
    if (!first) {
        Error error = std::move(first.error());
        error.side = Side::Client;
        return fail(std::move(error));
    }
    if (const Result<void> fits = check_body_so_far(); !fits) return fail(fits.error());
    if (first->has_value()) first_piece_ = **first;
    upload_complete_ = body_->is_done();
    const config::Retry& retry = cluster_state().config().retry;
    // Of what can't be repeated once it was sent, only a failed connect is, before more of the body is read.
    keeps_body_ = !upload_complete_ && retry.attempts > 1 && (http::is_idempotent(head_.method) || retry.non_idempotent);
    scratch_.replay.clear();
    return {};
}

bool Exchange::enter_breaker() {
    upstream::Breaker* const breaker = cluster_state().breaker();
    if (breaker == nullptr) return true;
    breaker_ = breaker;
    admission_ = breaker->admit(state_.worker().now());
    return admission_.is_admitted();
}

/// The cluster is to blame for what its endpoints did, not for what the client or the queue did.
void Exchange::tell_breaker(const Result<void>& done) {
    if (breaker_ == nullptr) return;
    using upstream::Outcome;
    Outcome outcome = scratch_.response.status >= 500 ? Outcome::Failure : Outcome::Success;
    if (!done) outcome = done.error().side == Side::Upstream ? Outcome::Failure : Outcome::Abandoned;
    const bool is_untold = !done && (done.error().code == ErrorCode::NoConnection || done.error().code == ErrorCode::NotImplemented);
    if (client_gone_ || cut_ || is_call_late_ || is_untold) outcome = Outcome::Abandoned;
    const auto to_head = context_->between(Stage::Routed, Stage::FirstByte).value_or(std::chrono::microseconds{});
    const auto changed = breaker_->record(admission_, outcome, to_head, state_.worker().now());
    if (changed) state_.log_breaker(cluster_state().config().name, *changed);
}

net::Task<void> Exchange::answer_fallback() {
    const bool is_full = admission_.kind == upstream::Admission::Kind::Full;
    const std::string& name = cluster_state().config().name;
    const Error error = is_full ? upstream_error(ErrorCode::NoConnection, "cluster " + name + " has breaker.max_requests under way")
                                : upstream_error(ErrorCode::BreakerOpen, "the breaker of cluster " + name + " is open");
    state_.metrics().count_refused(error.code);
    if (!body_->is_done()) writer_.close_after();
    const std::optional<config::Respond>& fallback = cluster_state().config().breaker->fallback;
    if (!fallback) {
        co_await answer_error(error);
        co_return;
    }
    error_ = error;
    const Result<std::string_view> body = respond(*fallback);
    if (!body) {
        co_await answer_error(body.error());
        co_return;
    }
    const Result<void> sent = co_await writer_.send(*body, true);
    if (!sent) client_gone_ = true;
}

/// After a try that was no success, or one that may be made again: whether there is another. If not, it says what became of it.
net::Task<bool> Exchange::goes_on_after(Result<void>& tried) {
    const std::optional<upstream::TryEnd> kind = worth_retry(tried);
    if (!tried && is_uploading()) co_await finish_upload();
    if (!tried && upload_error_) tried = fail(*upload_error_);
    if (!tried && is_call_late_) tried = fail(call_late());
    if (!tried && client_gone_) tried = fail(client_error(ErrorCode::ClientClosed, "the client left before the response"));
    if (!tried && tried.error().side == Side::Upstream && endpoint_ && !(sent_nothing_ && (is_call_late_ || (wait_ && wait_->has_inherited())))) {
        state_.metrics().count_upstream_failure(endpoint_->metric_index(), tried.error().code);
    }
    const bool is_clients = !tried && tried.error().side == Side::Client;
    bool goes_on = !is_clients && kind.has_value();
    if (goes_on) goes_on = co_await prepare_retry(*kind);
    if (goes_on) co_return true;
    if (!tried && is_call_late_) tried = fail(call_late());
    // Its response was given up for a try that nobody waits for any more.
    if (tried && upstream_ == nullptr && is_call_late_) {
        tried = fail(call_late());
    } else if (tried && upstream_ == nullptr) {
        tried = fail(client_error(ErrorCode::ClientClosed, "the client left before the response"));
    }
    if (tried) co_return false;
    release_upstream(false);
    if (!is_clients && !client_gone_ && !cut_) context_->set(ContextFlag::UpstreamFailed);
    co_return false;
}

Result<void> Exchange::pick_endpoint() {
    endpoint_ = cluster_->pick({balance_hash(cluster_state().config(), head_, path_, snapshot_->forwarded(), client_.client()),
                                sticky_endpoint(cluster_state(), head_.fields),
                                {tried_.data(), tried_count_}});
    if (endpoint_) return {};
    return fail(upstream_error(ErrorCode::NoEndpoint, "no endpoint of cluster " + cluster_state().config().name + " is available"));
}

/// One try at one endpoint, up to the head of its final response.
net::Task<Result<void>> Exchange::attempt(const config::Forward& forward) {
    sent_nothing_ = true;
    Result<void> written = write_request_head(forward);
    if (!written) co_return written;
    // A free retry does not count as a try.
    if (plan_->mirror && tries_ == 0 && !free_retry_used_) send_mirror(forward);
    counts_load_ = cluster_state().config().balance == config::Balance::LeastRequest;
    if (counts_load_) endpoint_->state().load.active.fetch_add(1, std::memory_order_relaxed);
    if (!take_idle_connection()) {
        Result<void> connected = co_await open_connection();
        if (!connected) co_return connected;
    }
    if (cut_) co_return fail(client_error(ErrorCode::ClientClosed, "the gateway stopped"));
    sent_nothing_ = false;
    state_.metrics().count_upstream_request(endpoint_->metric_index(), upstream_->is_reused());
    context_->mark(Stage::UpstreamConnected, state_.worker().now());
    Result<void> sent = co_await send_request();
    // An upstream may answer and close before it has read everything; its answer counts.
    if (!sent && !upstream_->has_lost_connection()) reused_ = false;
    if (!sent && (reused_ || sent.error().retry == Retry::Always)) co_return fail(upstream_failure(sent.error()));
    schedule_hedge(forward);
    // Another try writes a head of its own; the memory is still in the processor's caches for whoever is next.
    if (!hedge_) {
        request_head_bytes_ = {};
        request_buffer_ = {};
    }
    Result<void> headed = co_await read_response_head();
    if (hedge_) co_await stop_hedge();
    // What became of this request alone is no accident of a connection that grew old.
    if (!headed && upstream_ != nullptr && !upstream_->has_lost_connection()) reused_ = false;
    co_return headed;
}

bool Exchange::take_idle_connection() {
    response_used_ = 0;
    // Where one idle connection has died on reuse, the others have probably died with it.
    upstream_ = reused_ ? nullptr : endpoint_->take_idle();
    reused_ = upstream_ != nullptr;
    if (reused_) context_->set(ContextFlag::ReusedUpstream);
    return reused_;
}

net::Task<Result<void>> Exchange::open_connection() {
    // A client that leaves gives up its place in the queue.
    if (upload_complete_) client_.watch(this);
    if (client_gone_) co_return fail(client_error(ErrorCode::ClientClosed, "the client left before the response"));
    if (is_call_late_) co_return fail(call_late());
    if (!wait_) wait_.emplace(state_.worker().timers());
    ConnectionWait& waiting = *wait_;
    Result<UpstreamLink*> connected = co_await endpoint_->connect(waiting);
    if (!connected) {
        if (client_gone_ || cut_) co_return fail(client_error(ErrorCode::ClientClosed, "the client left before the response"));
        co_return fail(std::move(connected.error()));
    }
    upstream_ = *connected;
    co_return Result<void>{};
}

/// Copies the request, when it is all here and its turn.
void Exchange::send_mirror(const config::Forward& forward) {
    if (!upload_complete_ || !protocol_.empty()) return;
    if (state_.worker().random().below(100) >= forward.mirror->percent) return;
    state_.mirrors().send(state_.upstreams().cluster(*plan_->mirror), first_part(), head_.method, response_timeout_);
}

/// Tells the cluster how its endpoint did.
void Exchange::judge_endpoint(const Result<void>& tried) {
    if (client_gone_ || cut_ || is_call_late_ || upload_error_) return;
    using upstream::TryResult;
    TryResult result = TryResult::Success;
    if (tried) {
        if (scratch_.response.status >= 500) result = TryResult::ServerError;
    } else if (tried.error().side != Side::Upstream || tried.error().code == ErrorCode::NoConnection) {
        return;
    } else if (sent_nothing_ && wait_ && wait_->has_inherited()) {
        // Whoever dialed tells of it.
        return;
    } else if (sent_nothing_) {
        if (tried.error().code == ErrorCode::TlsRefused) state_.tell_of_upstream_tls(cluster_state().config().name, tried.error());
        result = TryResult::ConnectFailure;
    } else if (tried.error().retry == Retry::Always || (reused_ && tried.error().retry == Retry::IfReused)) {
        // It closed what was idle, or took no more of a connection, which it may.
        return;
    } else {
        result = TryResult::ServerError;
    }
    state_.record_try(cluster_->state(), endpoint_->state(), result);
}

/// In what way the try failed, when another may do better.
std::optional<upstream::TryEnd> Exchange::worth_retry(const Result<void>& tried) const {
    using upstream::TryEnd;
    if (tried) {
        const bool is_listed = config::contains(cluster_state().config().retry.statuses, scratch_.response.status);
        return is_listed ? std::optional(TryEnd::Status) : std::nullopt;
    }
    const Error& error = tried.error();
    if (error.side != Side::Upstream) return std::nullopt;
    if (sent_nothing_) return error.retry == Retry::Always ? std::optional(TryEnd::ConnectFailed) : std::nullopt;
    if (error.retry == Retry::Always) return TryEnd::Untouched;
    if (error.retry == Retry::IfReused) return TryEnd::ResetBeforeHead;
    return error.code == ErrorCode::ResponseTimeout && try_timeout_is_next_ ? std::optional(TryEnd::TryTimeout) : std::nullopt;
}

/// Decides on another try and makes ready for it; false when this one is the last.
net::Task<bool> Exchange::prepare_retry(upstream::TryEnd end) {
    const config::Retry& settings = cluster_state().config().retry;
    const bool has_response = writer_.has_begun() || interim_came_ || (end != upstream::TryEnd::Status && response_used_ != 0);
    const upstream::RetryDecision decision = upstream::decide(settings, {.reused_connection = reused_,
                                                                         .response_bytes = has_response ? 1U : 0U,
                                                                         .idempotent = http::is_idempotent(head_.method),
                                                                         .body_replayable = body_replayable_,
                                                                         .attempts = tries_,
                                                                         .end = end,
                                                                         .has_had_free = free_retry_used_});
    if (!decision.is_retried || cut_ || client_gone_ || is_call_late_) co_return false;
    const TimePoint now = state_.worker().now();
    if (request_deadline_ && now >= *request_deadline_) co_return false;
    if (decision.is_free) {
        free_retry_used_ = true;
        --tries_;
    } else if (end != upstream::TryEnd::ConnectFailed && !cluster_->budget().take_retry(now)) {
        // A failed connect has sent nothing, so its retry adds no load: the budget is for those that do.
        co_return false;
    }
    if (is_uploading()) co_await finish_upload();
    if (upload_error_ || client_gone_ || cut_ || is_call_late_) co_return false;
    state_.metrics().count_retry(endpoint_->metric_index());
    context_->set(ContextFlag::Retried);
    release_upstream(false);
    upload_started_ = upload_stopped_ = false;
    upload_done_.clear();
    // All of it may have been read, though not sent.
    upload_complete_ = body_->is_done();
    // Set where the failed try stopped reading.
    if (!upload_complete_) request_deadline_.reset();
    // What died on reuse says nothing against its endpoint: that one may be chosen again, over a new connection.
    if (!decision.is_free && tried_count_ < tried_.size()) tried_[tried_count_++] = &*endpoint_;
    if (!decision.is_free) reused_ = false;
    const Duration wait = decision.is_free ? Duration{} : upstream::backoff(settings, ++retries_, state_.worker().random());
    if (wait > Duration{}) {
        if (!backoff_) backoff_.emplace(state_.worker().timers());
        co_await backoff_->until(now + wait);
    }
    co_return !cut_ && !client_gone_ && !is_call_late_;
}

void Exchange::release_upstream(bool reusable) {
    if (counts_load_) {
        counts_load_ = false;
        endpoint_->state().load.active.fetch_sub(1, std::memory_order_relaxed);
    }
    if (upstream_ == nullptr) return;
    UpstreamLink& link = *std::exchange(upstream_, nullptr);
    state_.metrics().add_upstream_bytes(endpoint_->metric_index(), link.take_sent_bytes());
    link.give_back(reusable);
}

}  // namespace sluice::proxy
