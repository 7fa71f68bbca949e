#include "proxy/http2_stream.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "net/stream.hpp"
#include "net/worker.hpp"
#include "proxy/http2_session.hpp"
#include "proxy/trailers.hpp"
#include "proxy/websocket_key.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

constexpr std::uint32_t most_interims = 32;

}  // namespace

Failure Http2Stream::closed() { return fail(Error{ErrorCode::Closed, Side::Internal, Retry::Never, "the client has reset the stream", {}}); }

Http2Stream::Http2Stream(Http2Session& session, http2::StreamId id, const Request& request)
    : session_(session),
      id_(id),
      head_bytes_(request.head_bytes),
      has_length_(request.has_length),
      is_connect_(request.is_connect),
      has_body_ended_(!request.has_body),
      is_done_(!request.has_body || request.is_connect),
      reading_(session.state_.worker().timers()),
      sending_(session.state_.worker().timers()) {
    session_.streams_.emplace(id_, this);
}

Http2Stream::~Http2Stream() {
    // What nobody took still counts against the connection.
    session_.connection_.consume(id_, unreturned_ + received_.size());
    session_.connection_.forget(id_);
    session_.end_stream(*this);
}

// The windows are what bounds it.
static_assert(http2::stream_window <= net::BufferPool::largest_bytes);

void Http2Stream::add_body(std::string_view data) { received_.append(state().worker().buffers(), data); }

void Http2Stream::end_body(std::string trailers) {
    has_body_ended_ = true;
    trailers_ = std::move(trailers);
    if (Result<void> checked = check_trailers(trailers_); !checked) flaw_ = std::move(checked.error());
}

/// Whoever is resumed may end this stream, so it is looked up anew each time.
void Http2Stream::wake() {
    Http2Session& session = session_;
    const http2::StreamId id = id_;
    const bool may_read = !received_.empty() || has_body_ended_ || is_closed_;
    if (may_read && reading_.end() && session.find(id) != this) return;
    const bool is_connect = is_connect_;
    const bool has_sender = (is_taken_ || is_closed_) && sending_.end();
    // In a tunnel the reset of one way ends both, wherever the other waits.
    if (has_sender && (!is_connect || session.find(id) != this)) return;
    if (has_left() && watcher_ != nullptr) watcher_->on_unawaited_input();
}

net::Task<Result<void>> Http2Stream::await_taken() {
    net::Worker& worker = state().worker();
    progress_ = worker.now();
    while (!is_taken_) {
        if (is_aborted_) co_return fail(net::cancelled());
        if (is_closed_) co_return closed();
        const TimePoint end = progress_ + (write_stall_ == Duration{} ? Duration(state().limits().body_idle) : write_stall_);
        if (worker.now() >= end) co_return fail(net::timed_out());
        co_await sending_.until(end);
    }
    if (is_aborted_) co_return fail(net::cancelled());
    co_return Result<void>{};
}

WorkerState& Http2Stream::state() { return session_.state_; }
const filters::Peer& Http2Stream::client() const { return session_.client_; }
const Entrance& Http2Stream::entrance() const { return session_.entrance_; }
bool Http2Stream::is_draining() const { return session_.entrance_.is_draining; }
bool Http2Stream::is_leaving() const { return session_.entrance_.is_leaving; }

void Http2Stream::watch(net::StreamWatcher* watcher) {
    watcher_ = watcher;
    if (watcher != nullptr && has_left()) watcher->on_unawaited_input();
}

void Http2Stream::abort() {
    is_aborted_ = true;
    Http2Session& session = session_;
    const http2::StreamId id = id_;
    sending_.end();
    if (session.find(id) == this) reading_.end();
}

void Http2Stream::cancel_read() {
    is_read_cancelled_ = true;
    if (!reading_.end()) is_read_cancelled_ = false;
}

/// The client may send as much again as was taken.
void Http2Stream::give_back_piece() {
    piece_.clear();
    if (unreturned_ == 0) return;
    session_.connection_.consume(id_, std::exchange(unreturned_, 0));
    session_.wake_writer();
}

Result<std::optional<MessageBody::Piece>> Http2Stream::next_buffered() {
    if (is_connect_) return Piece{{}, true};
    give_back_piece();
    if (received_.empty()) {
        if (!has_body_ended_) return std::nullopt;
        if (flaw_) return fail(*flaw_);
        is_done_ = true;
        return Piece{{}, true};
    }
    net::Bytes& piece = body_bytes_ == 0 ? first_ : piece_;
    piece = std::move(received_);
    unreturned_ = piece.size();
    body_bytes_ += piece.size();
    is_done_ = has_body_ended_ && !flaw_;
    return Piece{piece.view(), is_done_};
}

net::Task<Result<MessageBody::Piece>> Http2Stream::next() {
    net::Worker& worker = state().worker();
    for (;;) {
        Result<std::optional<Piece>> piece = next_buffered();
        if (!piece) co_return fail(std::move(piece.error()));
        if (piece->has_value()) co_return **piece;
        if (is_aborted_) co_return fail(net::cancelled());
        if (is_closed_) co_return closed();
        const config::Limits& limits = state().limits();
        const TimePoint before = worker.now();
        // A client that may not send, because others' bodies fill the connection's window, is not slow.
        const bool may_send = session_.connection_.has_window();
        const bool may_pause = longest_pause_ != Duration{};
        const ReadPace pace{may_pause ? longest_pause_ : Duration(limits.body_idle), may_pause ? 0 : limits.min_rate, limits.min_rate_grace};
        const TimePoint end = !may_send ? before + limits.body_idle : pace_deadline(pace, body_bytes_, waited_, before);
        co_await reading_.until(end);
        if (may_send) waited_ += worker.now() - before;
        if (std::exchange(is_read_cancelled_, false)) co_return fail(net::cancelled());
        const bool has_news = !received_.empty() || has_body_ended_ || is_closed_ || is_aborted_;
        if (!has_news && may_send && worker.now() >= end) co_return fail(net::timed_out());
    }
}

http::HeadWriter& Http2ResponseWriter::begin_head(std::uint16_t status, std::string_view reason, std::size_t capacity_bytes) {
    buffer_ = stream_.state().worker().buffers().take(std::min(capacity_bytes, net::BufferPool::largest_bytes));
    head_.emplace(buffer_.from(0));
    status_ = status;
    head_->status_line(status, reason);
    return *head_;
}

bool Http2ResponseWriter::end_head(const http::Framing& body) {
    const bool never_has_body = status_ == 204 || status_ == 304 || status_ < 200;
    // 204 has no Content-Length (RFC 9110, 8.6); 304 and HEAD tell what GET would send.
    if (body.kind == http::BodyKind::Length && status_ != 204) head_->field("Content-Length", body.length);
    has_body_ = !is_head_request_ && !never_has_body && body.kind != http::BodyKind::None;
    head_->end_head();
    if (head_->is_good()) return true;
    head_.reset();
    return false;
}

net::Eventual<Result<void>> Http2ResponseWriter::send(std::string_view data, bool is_last, std::string_view trailers) {
    if (stream_.is_closed()) return Http2Stream::closed();
    if (!has_body_) data = {};
    const bool begins = !head_sent_;
    const bool ends_with_head = !has_body_ || (begins && is_last && data.empty() && trailers.empty());
    if (begins) {
        session_.connection_.send_head(stream_.id(), status_, head_->view(), !ends_with_head);
        stream_.begin_piece(head_->view().size(), ends_with_head);
        stream_.note_taken();
        head_sent_ = true;
        // It has been copied.
        buffer_ = {};
    }
    const bool has_piece = !ends_with_head && (!data.empty() || is_last);
    if (has_piece) {
        stream_.begin_piece(data.size(), is_last);
        session_.connection_.send_body(stream_.id(), data, is_last, trailers);
    }
    session_.wake_writer();
    return await_taken(data.size(), is_last);
}

net::Task<Result<void>> Http2ResponseWriter::await_taken(std::size_t body_bytes, bool is_last) {
    Result<void> taken = co_await stream_.await_taken();
    if (!taken) co_return taken;
    body_bytes_ += body_bytes;
    is_complete_ = is_last;
    co_return Result<void>{};
}

net::Task<Result<void>> Http2ResponseWriter::send_interim(const http::ResponseHead& head) {
    if (stream_.is_closed()) co_return Http2Stream::closed();
    // Nobody waits for them to be taken, so there may not be any number of them; a client can do without.
    if (++interims_ > most_interims) co_return Result<void>{};
    const net::Buffer buffer = stream_.state().worker().buffers().take();
    http::HeadWriter writer(buffer.from(0));
    writer.status_line(head.status, head.reason);
    for (const http::Field& field : head.fields) {
        // An interim response has no body, and no length of one (RFC 9110, 8.6).
        if (field.id != http::FieldId::ContentLength) writer.field(field);
    }
    writer.end_head();
    if (writer.is_good()) session_.connection_.send_interim(stream_.id(), head.status, writer.view());
    session_.wake_writer();
    co_return Result<void>{};
}

/// A success stands for 101, and the connection's key needs no answer (RFC 8441, 5).
net::Task<Result<void>> Http2ResponseWriter::send_switch(const http::ResponseHead& head, std::string_view, std::size_t capacity_bytes) {
    if (stream_.is_closed()) co_return Http2Stream::closed();
    const net::Buffer buffer = stream_.state().worker().buffers().take(std::min(capacity_bytes, net::BufferPool::largest_bytes));
    http::HeadWriter writer(buffer.from(0));
    status_ = 200;
    writer.status_line(status_, {});
    for (const http::Field& field : head.fields) {
        // A tunnel has no length (RFC 9110, 9.3.6).
        if (field.id != http::FieldId::ContentLength && !equal_ignoring_case(field.name, websocket_accept_field)) writer.field(field);
    }
    writer.end_head();
    if (!writer.is_good()) co_return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "the head does not fit", {}});
    session_.connection_.begin_tunnel(stream_.id(), stream_.unconsumed());
    session_.connection_.send_head(stream_.id(), status_, writer.view(), true);
    stream_.begin_piece(writer.view().size(), false);
    stream_.note_taken();
    head_sent_ = is_complete_ = has_switched_ = true;
    session_.wake_writer();
    co_return Result<void>{};
}

}  // namespace sluice::proxy
