#include "proxy/endpoint_connections.hpp"

#include <algorithm>
#include <utility>

#include "net/worker.hpp"
#include "proxy/destination.hpp"
#include "proxy/upstream_tls.hpp"

namespace sluice::proxy {
namespace {

/// Requests that may wait for a dial of HTTP/2, beside those that may wait for a place.
constexpr std::size_t most_dial_waits = 1000;

Error no_connection(std::string context, Retry retry) {
    return upstream_error(ErrorCode::NoConnection, std::move(context), retry);
}

}  // namespace

bool ConnectionWait::abort(Abort what) {
    if (dials_at_ != nullptr && what == Abort::Wait && !dials_at_->queue_.empty()) {
        has_left_ = true;
        return true;
    }
    if (beginning_ != nullptr) {
        std::exchange(beginning_, nullptr)->abort_wait();
        return true;
    }
    if (outcome_ != Outcome::Queued) return dialing_.abort();
    end(Outcome::Cancelled);
    return true;
}

void ConnectionWait::end(Outcome outcome) {
    EndpointConnections& endpoint = *std::exchange(queued_at_, nullptr);
    endpoint.queue_.erase(place_);
    if (wants_place_) endpoint.state_->add_waiting(-1);
    deadline_.clear();
    outcome_ = outcome;
    ready_.set();
}

EndpointConnections::EndpointConnections(const Context& context, std::shared_ptr<upstream::EndpointState> state)
    : context_(context),
      state_(std::move(state)),
      destination_(destination_of(state_->place.address)),
      idle_(Close{this}),
      session_(std::make_shared<tls::SessionSlot>()),
      alive_(std::make_shared<EndpointConnections*>(this)) {
    idle_.add_endpoint({});
}

void EndpointConnections::follow(std::shared_ptr<upstream::ClusterState> cluster, std::uint32_t metric_index,
                                 std::shared_ptr<const void> metrics_lease) {
    const bool has_other_rules = cluster_ && (cluster_->tls() != cluster->tls() || cluster_->config().protocol != cluster->config().protocol);
    cluster_ = std::move(cluster);
    // What was secured by other rules, or not at all, or speaks another protocol, carries no further request.
    if (has_other_rules) {
        idle_.close_all();
        finish_http2(false, TimePoint::max());
        session_->clear();
    }
    idle_.set_limits(0, {cluster_->config().max_idle, cluster_->config().idle_timeout});
    metric_index_ = metric_index;
    metrics_lease_ = std::move(metrics_lease);
}

EndpointConnections::~EndpointConnections() {
    idle_.close_all();
    let_http2_go();
}

void EndpointConnections::close_idle() {
    idle_.close_all();
    finish_http2(true, TimePoint::max());
}

void EndpointConnections::close_idle_since(TimePoint now) {
    idle_.close_idle_since(now);
    finish_http2(true, now - cluster_->config().idle_timeout);
}

std::size_t EndpointConnections::idle_count() const {
    return idle_.size() + static_cast<std::size_t>(std::ranges::count_if(http2_, &Http2Entry::is_idle));
}

UpstreamLink* EndpointConnections::take_idle() {
    if (speaks_http2()) return take_stream();
    Http1Upstream* const connection = idle_.acquire(0, context_.worker.now());
    if (connection == nullptr) return nullptr;
    connection->unwatch();
    ++in_use_;
    connection->count_request();
    context_.metrics.add_upstream_idle(metric_index_, -1);
    context_.metrics.add_upstream_active(metric_index_, 1);
    return connection;
}

net::Task<Result<UpstreamLink*>> EndpointConnections::connect(ConnectionWait& wait) {
    wait.link_ = nullptr;
    wait.has_inherited_ = false;
    if (speaks_http2() && queue_.empty()) {
        if (UpstreamLink* const stream = take_stream()) co_return stream;
    }
    // Those that wait come first, also while a place for them is free already; and one dial with HTTP/2 will serve many.
    const bool is_dialing = speaks_http2() && dials_ != 0;
    if (!queue_.empty() || is_dialing || !state_->take_slot(cluster_->config().pool.max_connections)) {
        const Result<void> waited = co_await wait_for_slot(wait);
        if (!waited) co_return fail(waited.error());
        if (wait.link_ != nullptr) co_return wait.link_;
    } else if (speaks_http2()) {
        ++dials_;
    }
    // By the settings of now, as those have it who gave the place.
    if (speaks_http2()) co_return co_await dial_http2(wait);
    co_return co_await dial(wait);
}

/// Afterwards the request has a connection, or a place for one of its own.
net::Task<Result<void>> EndpointConnections::wait_for_slot(ConnectionWait& wait) {
    const config::Pool& pool = cluster_->config().pool;
    // Who only waits for what another dials has a place as good as found.
    const std::size_t most = pool.queue + (dials_ != 0 ? most_dial_waits : 0);
    if (queue_.size() >= most) {
        co_return fail(no_connection("the queue for a connection to " + name() + " is full", Retry::Always));
    }
    using Outcome = ConnectionWait::Outcome;
    wait.queued_at_ = this;
    wait.outcome_ = Outcome::Queued;
    wait.place_ = queue_.insert(queue_.end(), &wait);
    wait.number_ = ++waits_;
    wait.ready_.clear();
    // Who waits for what another dials has its time as well.
    const Duration dial_time = dials_ != 0 ? Duration(cluster_->config().connect_timeout) : Duration{};
    wait.deadline_.set(context_.worker.now() + pool.queue_timeout + dial_time);
    wait.wants_place_ = pool.max_connections != 0;
    if (wait.wants_place_) state_->add_waiting(1);
    // A place may have come free before anybody could see that one is wanted; and other workers may hold idle ones.
    serve_queue();
    if (wait.outcome_ == Outcome::Queued && wait.wants_place_) cluster_->wake_workers();
    co_await wait.ready_;
    const Outcome outcome = std::exchange(wait.outcome_, Outcome::Idle);
    wait.has_inherited_ = outcome == Outcome::Failed;
    if (outcome == Outcome::Failed) co_return fail(*std::exchange(wait.failure_, std::nullopt));
    if (outcome == Outcome::Cancelled) co_return fail(Error{ErrorCode::Cancelled, Side::Internal, Retry::Never, {}, {}});
    if (outcome == Outcome::TooLate) {
        // Its time to wait is over, wherever it would wait next.
        co_return fail(no_connection("no connection to " + name() + " came free in time", Retry::Never));
    }
    co_return Result<void>{};
}

/// `tls` is set to the rules by which it was secured.
net::Task<Result<net::Stream>> EndpointConnections::dial_stream(ConnectionWait& wait, std::shared_ptr<const tls::ClientContext>& tls) {
    const TimePoint deadline = context_.worker.now() + cluster_->config().connect_timeout;
    Result<net::Stream> stream = co_await net::dial(context_.worker, destination_, deadline, &wait.dialing_);
    // The cluster may get other settings meanwhile.
    tls = cluster_->tls();
    if (stream && tls) {
        const Result<void> secured = co_await secure(*stream, *tls, *state_, session_, deadline, wait.dialing_);
        if (!secured) stream = fail(secured.error());
    }
    co_return stream;
}

/// The caller has a place for it.
net::Task<Result<UpstreamLink*>> EndpointConnections::dial(ConnectionWait& wait) {
    hold();
    std::shared_ptr<const tls::ClientContext> tls;
    Result<net::Stream> stream = co_await dial_stream(wait, tls);
    let_go();
    if (stream && speaks_http2()) {
        stream = fail(upstream_error(ErrorCode::UpstreamClosed, name() + " is spoken to in HTTP/2 by now", Retry::Always));
    }
    if (!stream) {
        give_slot_back();
        co_return fail(std::move(stream.error()));
    }
    std::unique_ptr<Http1Upstream> connection;
    if (context_.free.empty()) {
        connection = std::make_unique<Http1Upstream>();
    } else {
        connection = std::move(context_.free.back());
        context_.free.pop_back();
    }
    stream->set_write_stall_limit(cluster_->config().read_timeout);
    connection->begin(std::move(*stream), this, tls);
    connection->count_request();
    ++in_use_;
    context_.metrics.add_upstream_active(metric_index_, 1);
    co_return connection.release();
}

void EndpointConnections::release(Http1Upstream& connection) {
    const std::uint32_t most = cluster_->config().pool.max_requests;
    if (is_retired_ || speaks_http2() || connection.tls() != cluster_->tls() || (most != 0 && connection.requests() >= most)) {
        discard(connection);
        return;
    }
    if (!queue_.empty()) {
        ConnectionWait& wait = *queue_.front();
        connection.count_request();
        wait.link_ = &connection;
        wait.end(ConnectionWait::Outcome::Link);
        return;
    }
    // Another worker waits for the place that this one would hold for nothing.
    if (state_->waiting() != 0) {
        discard(connection);
        return;
    }
    --in_use_;
    context_.metrics.add_upstream_active(metric_index_, -1);
    context_.metrics.add_upstream_idle(metric_index_, 1);
    if (idle_.release(0, connection, context_.worker.now())) connection.watch();
}

void EndpointConnections::discard(Http1Upstream& connection) {
    --in_use_;
    context_.metrics.add_upstream_active(metric_index_, -1);
    close(connection);
}

/// The pool's own way to end a connection.
void EndpointConnections::close_idle_connection(Http1Upstream& connection) {
    context_.metrics.add_upstream_idle(metric_index_, -1);
    close(connection);
}

void EndpointConnections::close(Http1Upstream& connection) {
    connection.end();
    context_.free.emplace_back(&connection);
    give_slot_back();
}

void EndpointConnections::leave_pool(Http1Upstream& connection) {
    if (idle_.remove(connection)) close_idle_connection(connection);
}

void EndpointConnections::give_slot_back() {
    state_->give_slot_back();
    if (state_->waiting() == 0) return;
    if (queue_.empty()) {
        cluster_->wake_workers();
        return;
    }
    // Not from here: whoever closes a connection may be in the middle of a list that the next request changes.
    context_.worker.post([weak = std::weak_ptr(alive_)] {
        if (const auto alive = weak.lock()) (*alive)->offer_slot();
    });
}

/// A place came free for a request that waited here, and may have given up since.
void EndpointConnections::offer_slot() {
    if (!queue_.empty()) {
        serve_queue();
    } else if (state_->waiting() != 0) {
        cluster_->wake_workers();
    }
}

void EndpointConnections::serve_queue() {
    // A request whose connect fails at once comes back here, and may be the last that holds this.
    if (is_serving_) return;
    is_serving_ = true;
    hold();
    const std::uint32_t most = cluster_->config().pool.max_connections;
    while (!queue_.empty()) {
        UpstreamLink* const stream = speaks_http2() ? take_stream() : nullptr;
        if (stream != nullptr) {
            queue_.front()->link_ = stream;
            queue_.front()->end(ConnectionWait::Outcome::Link);
            continue;
        }
        // One dial with HTTP/2 at a time: it will serve many.
        if ((speaks_http2() && dials_ != 0) || !state_->take_slot(most)) break;
        if (speaks_http2()) ++dials_;
        queue_.front()->end(ConnectionWait::Outcome::MayDial);
    }
    // For those who still wait, here or elsewhere, what lies idle here is a place.
    if (state_->waiting() != 0) close_one_idle();
    let_go();
    is_serving_ = false;
}

void EndpointConnections::close_one_idle() {
    if (Http1Upstream* const idle = idle_.acquire(0, context_.worker.now())) {
        close_idle_connection(*idle);
        return;
    }
    const auto entry = std::ranges::find_if(http2_, &Http2Entry::is_idle);
    if (entry != http2_.end()) entry->connection->finish();
}

void EndpointConnections::retire() {
    is_retired_ = true;
    idle_.close_all();
    finish_http2(false, TimePoint::max());
}

}  // namespace sluice::proxy
