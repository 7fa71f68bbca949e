#include "proxy/tunnel.hpp"

#include <algorithm>
#include <coroutine>

#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

/// A read that fills its buffer is followed by one into a larger one.
constexpr std::size_t first_read_bytes = net::BufferPool::read_bytes;
constexpr std::size_t next_read_bytes = std::size_t{64} * 1024;
/// Between two fast peers a direction would never have to wait: after so many full reads the others on the worker get
/// their turn.
constexpr std::uint32_t reads_per_turn = 16;

/// Goes on when the worker has run what waits already.
class NextTurn {
public:
    explicit NextTurn(net::Worker& worker) : worker_(worker) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        worker_.post([waiter] { waiter.resume(); });
    }
    void await_resume() const noexcept {}

private:
    net::Worker& worker_;
};

}  // namespace

Tunnel::Tunnel(net::Worker& worker, TunnelSide& client, TunnelSide& upstream, const TunnelSettings& settings)
    : worker_(worker),
      settings_(settings),
      from_client_(client, upstream),
      from_upstream_(upstream, client),
      last_piece_(worker.now()),
      deadline_(worker.timers(), [](void* self) { static_cast<Tunnel*>(self)->on_deadline(); }, this) {}

net::Task<TunnelEnd> Tunnel::run(std::string_view from_client, std::string_view from_upstream) {
    ended_.clear();
    last_piece_ = worker_.now();
    for (Direction* const way : {&from_client_, &from_upstream_}) way->from.begin_tunnel(settings_.idle);
    arm();
    {
        const Hold hold(*this);
        net::spawn(run_direction(from_client_, from_client));
        net::spawn(run_direction(from_upstream_, from_upstream));
    }
    co_await ended_;
    deadline_.clear();
    co_return end_.value_or(TunnelEnd::Failed);
}

/// One direction to its end.
net::Task<void> Tunnel::run_direction(Direction& way, std::string_view first) {
    const Hold hold(*this);
    bool goes_on = true;
    if (!first.empty()) goes_on = co_await pass_on(way, first);
    while (goes_on) goes_on = co_await step(way);
    way.has_ended = true;
    await_answers();
}

/// Waits for input without a buffer, then passes on what is there; false when the direction has ended.
net::Task<bool> Tunnel::step(Direction& way) {
    // Woken for this, or come to the end of a frame.
    if (must_close(way) && way.frames.at_boundary()) co_return co_await pass_on(way, {});
    const Result<void> ready = co_await way.from.readable();
    if (is_finished_) co_return false;
    if (!ready) {
        on_broken_input(way);
        co_return false;
    }
    const net::Buffer buffer = worker_.buffers().take(way.full_reads == 0 ? first_read_bytes : next_read_bytes);
    const Result<std::optional<std::size_t>> got = way.from.try_read(buffer.from(0));
    if (!got) {
        on_broken_input(way);
        co_return false;
    }
    if (!got->has_value()) co_return true;
    const std::size_t size = **got;
    if (size == 0) {
        on_end_of_input(way);
        co_return false;
    }
    way.full_reads = size == buffer.size() ? way.full_reads + 1 : 0;
    const bool goes_on = co_await pass_on(way, {buffer.data(), size});
    if (goes_on && way.full_reads >= reads_per_turn) {
        way.full_reads = 1;
        co_await NextTurn(worker_);
    }
    co_return goes_on;
}

net::Task<bool> Tunnel::pass_on(Direction& way, std::string_view piece) {
    way.bytes += piece.size();
    last_piece_ = worker_.now();
    const net::Pieces pieces = settings_.is_websocket ? to_send(way, piece) : net::Pieces(piece);
    if (!pieces.empty()) {
        way.is_writing = true;
        const Result<void> sent = co_await way.to.write(pieces);
        way.is_writing = false;
        if (!sent) {
            on_refused_output(way, sent.error());
            co_return false;
        }
        last_piece_ = worker_.now();
    }
    await_answers();
    // Once our close frame is answered there is nothing to wait for here.
    co_return !is_finished_ && !(way.close && way.frames.close_seen());
}

/// What goes out for a piece of a WebSocket connection: all of it, or in a drain what belongs to the frame under way
/// and our close frame.
net::Pieces Tunnel::to_send(Direction& way, std::string_view piece) {
    if (way.close) {
        way.frames.advance(piece);
        return {};
    }
    const std::optional<std::size_t> boundary = must_close(way) ? way.frames.boundary_in(piece) : std::nullopt;
    if (!boundary) {
        way.frames.advance(piece);
        return {piece};
    }
    way.frames.advance(piece.substr(0, *boundary));
    // The frame that just ended may have been a close frame: then there is nothing to add.
    const bool closes = must_close(way);
    way.frames.advance(piece.substr(*boundary));
    if (!closes) return {piece};
    // The mask is for caches that take frames for requests (RFC 6455, 10.3); ours never carry foreign bytes.
    const bool from_client = &way == &from_client_;
    way.close.emplace(http::WebSocketClose::going_away,
                      from_client ? std::optional(static_cast<std::uint32_t>(worker_.random().next())) : std::nullopt);
    if (!end_) end_ = TunnelEnd::Drained;
    return {piece.substr(0, *boundary), way.close->view()};
}

void Tunnel::on_end_of_input(Direction& way) {
    if (is_broken_) {
        finish(TunnelEnd::Failed);
        return;
    }
    if (!end_) end_ = &way == &from_client_ ? TunnelEnd::ClientClosed : TunnelEnd::UpstreamClosed;
    way.to.shutdown_send();
    if (!half_open_since_) half_open_since_ = worker_.now();
    arm();
}

void Tunnel::on_broken_input(Direction& way) {
    // The end of a WebSocket connection is told by a frame. Elsewhere the end of input may be the only mark, and a
    // message cut short must not look whole.
    if (!settings_.is_websocket) way.to.reset_on_close();
    finish(TunnelEnd::Failed);
}

void Tunnel::on_refused_output(Direction& way, const Error& error) {
    if (is_finished_) return;
    if (error.code == ErrorCode::TimedOut) {
        finish(TunnelEnd::Idle);
        return;
    }
    // Whoever has left may have said something before, a close frame for one: the other direction finds its own end.
    is_broken_ = true;
    if (error.cause() == std::errc::connection_reset && !settings_.is_websocket) way.from.reset_on_close();
    if (!half_open_since_) half_open_since_ = worker_.now();
    arm();
}

void Tunnel::drain(TimePoint close_at) {
    if (!settings_.is_websocket || close_due_) return;
    close_at_ = close_at;
    arm();
}

void Tunnel::cut() {
    const Hold hold(*this);
    finish(TunnelEnd::Cut);
}

/// A close frame of the client or the upstream has passed: the rest is between them.
bool Tunnel::is_closing_by_itself() const {
    return (from_client_.frames.close_seen() && !from_client_.close) ||
           (from_upstream_.frames.close_seen() && !from_upstream_.close);
}

/// Its sender has said goodbye, and whoever it was for has been told.
bool Tunnel::has_closed(const Direction& way) { return way.frames.close_seen() && !way.is_writing; }

bool Tunnel::must_close(const Direction& way) const { return close_due_ && !way.close && !is_closing_by_itself(); }

void Tunnel::begin_close() {
    close_due_ = true;
    await_answers();
    // Where a direction waits between two frames it goes on now; elsewhere a look too early does no harm.
    from_client_.from.cancel_read();
    from_upstream_.from.cancel_read();
}

/// In a drain: ends the tunnel when both sides have said goodbye, and starts the time that they have for it once
/// nothing more of ours has to be said.
void Tunnel::await_answers() {
    if (!close_due_) return;
    if (has_closed(from_client_) && has_closed(from_upstream_)) {
        finish(TunnelEnd::Drained);
        return;
    }
    if (answers_until_) return;
    for (const Direction* const way : {&from_client_, &from_upstream_}) {
        if (must_close(*way) && !way->has_ended) return;
    }
    answers_until_ = worker_.now() + settings_.answer;
    arm();
}

TimePoint Tunnel::last_activity() const {
    // Whether a receiver takes anything is watched by its stream.
    return from_client_.is_writing || from_upstream_.is_writing ? worker_.now() : last_piece_;
}

/// A WebSocket connection with one end is over. Elsewhere the answer may be long: it goes on while bytes come.
TimePoint Tunnel::half_open_end() const {
    if (!half_open_since_) return TimePoint::max();
    const TimePoint since = settings_.is_websocket ? *half_open_since_ : std::max(*half_open_since_, last_activity());
    return since + settings_.half_open;
}

void Tunnel::arm() {
    if (is_finished_) return;
    TimePoint next = std::min(last_activity() + settings_.idle, half_open_end());
    if (close_at_ && !close_due_) next = std::min(next, *close_at_);
    if (answers_until_) next = std::min(next, *answers_until_);
    deadline_.set(next);
}

std::optional<TunnelEnd> Tunnel::overdue() const {
    const TimePoint now = worker_.now();
    if (answers_until_ && now >= *answers_until_) return TunnelEnd::Drained;
    if (now >= half_open_end()) return TunnelEnd::Failed;
    if (now >= last_activity() + settings_.idle) return TunnelEnd::Idle;
    return std::nullopt;
}

/// The deadline is not moved with each piece: it looks, when it comes, what has happened since.
void Tunnel::on_deadline() {
    const Hold hold(*this);
    if (close_at_ && !close_due_ && worker_.now() >= *close_at_) begin_close();
    if (is_finished_) return;
    const std::optional<TunnelEnd> end = overdue();
    if (end) {
        finish(*end);
    } else {
        arm();
    }
}

/// Ends both directions. The caller has a hold: either may be resumed, and end, within.
void Tunnel::finish(TunnelEnd end) {
    if (is_finished_) return;
    is_finished_ = true;
    if (!end_) end_ = end;
    from_client_.from.abort();
    from_upstream_.from.abort();
}

}  // namespace sluice::proxy
