// Hedging: a GET whose response does not begin in time is sent to a second endpoint as well, and the first byte of either
// response decides. The first try goes on in the exchange's own coroutine, the second in one beside it.

#include <utility>

#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/upstream_request.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {

/// Sets the time for the second try, where the cluster wants one and the request allows it.
void Exchange::schedule_hedge(const config::Forward& forward) {
    const Duration after = cluster_state().config().retry.hedge_after;
    // The second try is the head alone: what the first sent of a body would be missing there.
    const bool has_body = head_.framing.kind != http::BodyKind::None || !upload_complete_;
    const bool may_hedge = after != Duration{} && head_.method == http::Method::Get && !has_body && protocol_.empty() &&
                           !(hedge_ && hedge_->has_begun);
    // The request is sent as it is: it must not name the first endpoint.
    if (!may_hedge || forward.host == "endpoint") return;
    if (!hedge_) hedge_.emplace(state_.worker().timers(), this);
    hedge_->deadline.set(state_.worker().now() + after);
}

void Exchange::on_hedge_time() {
    const bool is_silent = upstream_ != nullptr && response_used_ == 0 && !interim_came_ && !writer_.has_begun();
    if (!is_silent || cut_ || client_gone_) return;
    if (!cluster_->budget().take_retry(state_.worker().now())) return;
    hedge_->has_begun = true;
    hedge_->done.clear();
    net::spawn(run_hedge());
}

net::Task<void> Exchange::run_hedge() {
    Hedge& hedge = *hedge_;
    co_await ask_second_endpoint();
    const bool has_won = hedge.response_bytes != 0;
    if (!has_won && hedge.link != nullptr) std::exchange(hedge.link, nullptr)->give_back(false);
    hedge.is_done = true;
    // A cut resumes one coroutine; the other may still wait for a client that takes nothing.
    if (cut_) client_.abort();
    // Whichever of the two resumes the exchange may also end it: nothing of it is touched behind them.
    if (has_won && upstream_ != nullptr && upstream_->is_awaited()) {
        upstream_->cancel_read();
    } else {
        hedge.done.set();
    }
}

net::Task<void> Exchange::ask_second_endpoint() {
    Hedge& hedge = *hedge_;
    EndpointConnections* const first = &*endpoint_;
    const std::uint64_t hash = balance_hash(cluster_state().config(), head_, path_, snapshot_->forwarded(), client_.client());
    ClusterConnections::Hold second = cluster_->pick({hash, std::nullopt, {&first, 1}});
    if (!second || &*second == first) co_return;
    hedge.endpoint = std::move(second);
    hedge.link = hedge.endpoint->take_idle();
    const bool is_reused = hedge.link != nullptr;
    if (!is_reused) {
        const Result<UpstreamLink*> connected = co_await hedge.endpoint->connect(hedge.wait);
        if (!connected) co_return;
        hedge.link = *connected;
    }
    if (hedge.is_stopped) co_return;
    state_.metrics().count_upstream_request(hedge.endpoint->metric_index(), is_reused);
    state_.metrics().count_retry(first->metric_index());
    const UpstreamLink::Part request{.head = request_head_bytes_, .first = {}, .is_last = true};
    const Result<void> sent = co_await hedge.link->send(request);
    if (!sent || hedge.is_stopped) co_return;
    hedge.link->set_read_deadline(response_deadline_);
    const Result<std::size_t> got = co_await hedge.link->read(hedge.buffer, 0);
    if (got && !hedge.is_stopped && response_used_ == 0 && !interim_came_) hedge.response_bytes = *got;
}

/// The first try is silent or broken: if the second has begun to answer, or may yet, it takes the place of the first.
net::Task<bool> Exchange::adopt_hedge() {
    if (!hedge_ || !hedge_->has_begun || response_used_ != 0 || interim_came_ || cut_ || client_gone_) co_return false;
    // Named, as GCC 12 copies what an operator yields inside a co_await.
    Hedge& hedge = *hedge_;
    if (!hedge.is_done) co_await hedge.done;
    if (hedge.response_bytes == 0 || cut_ || client_gone_) co_return false;
    release_upstream(false);
    endpoint_ = std::move(hedge.endpoint);
    upstream_ = std::exchange(hedge.link, nullptr);
    reused_ = false;
    response_buffer_ = std::move(hedge.buffer);
    response_used_ = std::exchange(hedge.response_bytes, 0);
    context_->set(ContextFlag::Retried);
    co_return true;
}

/// The first try has an end of its own: the second is broken off.
net::Task<void> Exchange::stop_hedge() {
    Hedge& hedge = *hedge_;
    hedge.deadline.clear();
    if (!hedge.has_begun) co_return;
    hedge.is_stopped = true;
    if (!hedge.is_done) {
        std::ignore = abort_hedge();
        if (!hedge.is_done) co_await hedge.done;
    }
    if (hedge.link != nullptr) std::exchange(hedge.link, nullptr)->give_back(false);
    hedge.response_bytes = 0;
}

/// True when there was something to break off.
bool Exchange::abort_hedge() {
    if (!hedge_ || !hedge_->is_under_way()) return false;
    if (hedge_->link != nullptr) {
        hedge_->link->abort();
        return true;
    }
    return hedge_->wait.abort(ConnectionWait::Abort::Dial);
}

}  // namespace sluice::proxy
