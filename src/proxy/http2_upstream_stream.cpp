#include "proxy/http2_upstream_stream.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "net/worker.hpp"
#include "proxy/http2_upstream.hpp"
#include "proxy/trailers.hpp"

namespace sluice::proxy {
namespace {

/// Of heads that nobody reads, because the client takes nothing: interim ones may be many.
constexpr std::size_t most_head_bytes = std::size_t{256} * 1024;

/// Of a head as http2::ClientEvents tells it.
bool is_success_head(std::string_view head) { return head.starts_with("HTTP/1.1 2"); }

}  // namespace

Http2UpstreamStream::Http2UpstreamStream(Http2Upstream& connection)
    : connection_(connection), reading_(connection.worker_.timers()), sending_(connection.worker_.timers()) {}

void Http2UpstreamStream::begin(TimePoint now, bool is_reused) {
    id_ = 0;
    is_reused_ = is_reused;
    began_at_ = progress_ = now;
    protocol_.clear();
    accept_.clear();
    is_tunnel_ = false;
    write_stall_ = connection_.settings_.write_stall;
    heads_.clear();
    drop_body();
    trailers_.clear();
    reason_.clear();
    flaw_.reset();
    unreturned_ = 0;
    body_bytes_ = sent_bytes_ = 0;
    has_ended_ = is_done_ = has_length_ = false;
    is_read_cancelled_ = has_waited_in_vain_ = false;
    is_taken_ = true;
    is_closed_ = is_untouched_ = is_lost_ = is_aborted_ = false;
    code_ = http2::Code::NoError;
}

void Http2UpstreamStream::add_head(std::string_view head, bool is_last) {
    if (heads_.size() + head.size() > most_head_bytes) {
        note_closed(http2::Code::ProtocolError, false);
        return;
    }
    is_tunnel_ = !protocol_.empty() && is_success_head(head);
    if (is_tunnel_) {
        heads_.append(switched(head));
    } else {
        heads_.append(head);
    }
    if (is_last) has_ended_ = true;
}

// The windows are what bounds it.
static_assert(http2::stream_window <= net::BufferPool::largest_bytes);

void Http2UpstreamStream::add_body(std::string_view data) { received_.append(connection_.worker_.buffers(), data); }

void Http2UpstreamStream::drop_body() {
    received_.clear();
    piece_.clear();
}

void Http2UpstreamStream::end_body(std::string trailers) {
    has_ended_ = true;
    trailers_ = std::move(trailers);
    if (Result<void> checked = check_trailers(trailers_); !checked) flaw_ = std::move(checked.error());
}

void Http2UpstreamStream::note_closed(http2::Code code, bool is_untouched) {
    is_closed_ = true;
    is_untouched_ = is_untouched;
    code_ = code;
}

void Http2UpstreamStream::note_lost(const std::string& reason) {
    if (is_closed_) return;
    is_closed_ = is_lost_ = true;
    // It never went out.
    is_untouched_ = id_ == 0;
    reason_ = reason;
}

/// Whoever is resumed may end this stream, so it is looked up anew each time.
void Http2UpstreamStream::wake() {
    Http2Upstream& connection = connection_;
    const http2::StreamId id = id_;
    const bool may_read = !heads_.empty() || !received_.empty() || has_ended_ || is_closed_;
    if (may_read && reading_.end() && connection.find(id) != this) return;
    if (is_taken_ || is_closed_ || has_ended_) sending_.end();
}

Error Http2UpstreamStream::closed() const {
    if (is_untouched_) return {ErrorCode::Closed, Side::Upstream, Retry::Always, "sent the request back unread", {}};
    if (is_lost_) return {ErrorCode::Closed, Side::Upstream, Retry::IfReused, reason_, {}};
    const std::string code = std::to_string(static_cast<std::uint32_t>(code_));
    if (code_ == http2::Code::ProtocolError) {
        return {ErrorCode::BadFraming, Side::Upstream, Retry::Never, "a stream of HTTP/2 that breaks its rules (error code " + code + ")", {}};
    }
    return {ErrorCode::Closed, Side::Upstream, Retry::IfReused, "reset the stream with error code " + code, {}};
}

Result<void> Http2UpstreamStream::open(const Part& part) {
    if (is_closed_) return fail(closed());
    http2::ClientConnection& connection = connection_.connection_;
    const bool is_connect = !part.protocol.empty();
    if (is_connect && !connection.takes_protocols()) {
        return fail(Error{ErrorCode::NotImplemented, Side::Upstream, Retry::Always, "takes no extended CONNECT (RFC 8441), by which a WebSocket goes over HTTP/2", {}});
    }
    const bool has_body = is_connect || !part.is_last || !part.first.empty() || !part.second.empty() || !part.trailers.empty();
    const bool has_place = connection.free_streams() != 0;
    id_ = connection.open(part.head, connection_.settings_.scheme, has_body, part.protocol);
    if (id_ == 0) {
        if (!has_place) return fail(Error{ErrorCode::Closed, Side::Upstream, Retry::Always, "takes no more requests on this connection", {}});
        return fail(Error{ErrorCode::BadFraming, Side::Upstream, Retry::Never, "the request has no form in HTTP/2", {}});
    }
    if (is_connect) note_protocol(part);
    --connection_.unopened_;
    connection_.open_.emplace(id_, this);
    if (!connection_.silent_since_) connection_.silent_since_ = connection_.worker_.now();
    sent_bytes_ += part.head.size();
    return {};
}

net::Eventual<Result<void>> Http2UpstreamStream::send(Part part) {
    if (is_aborted_) return fail(net::cancelled());
    if (!part.head.empty()) {
        Result<void> opened = open(part);
        if (!opened) flaw_ = opened.error();
        if (!opened) return opened;
    }
    const bool ends_empty = part.is_last && (part.head.empty() || !part.trailers.empty());
    if (!part.first.empty() || !part.second.empty() || ends_empty) return send_body(part);
    connection_.wake_writer();
    return Result<void>{};
}

/// What follows the head.
net::Task<Result<void>> Http2UpstreamStream::send_body(Part part) {
    const bool has_second = !part.second.empty();
    if (!part.first.empty() || !has_second) {
        Result<void> sent = co_await send_piece(part.first, part.is_last && !has_second, part.trailers);
        if (!sent) co_return sent;
    }
    if (has_second) {
        Result<void> sent = co_await send_piece(part.second, part.is_last, part.trailers);
        co_return sent;
    }
    connection_.wake_writer();
    co_return Result<void>{};
}

/// Waits until all of it was taken.
net::Task<Result<void>> Http2UpstreamStream::send_piece(std::string_view data, bool is_last, std::string_view trailers) {
    net::Worker& worker = connection_.worker_;
    if (is_closed_) co_return fail(closed());
    is_taken_ = false;
    sent_bytes_ += data.size();
    connection_.connection_.send_body(id_, data, is_last, trailers);
    progress_ = worker.now();
    connection_.wake_writer();
    while (!is_taken_) {
        if (is_aborted_) co_return fail(net::cancelled());
        if (is_closed_) co_return fail(closed());
        // The answer is whole: nobody wants the rest.
        if (has_ended_ && !is_tunnel_) co_return fail(Error{ErrorCode::Closed, Side::Upstream, Retry::Never, "answered before it had the whole request", {}});
        const TimePoint end = progress_ + write_stall_;
        if (worker.now() >= end) {
            has_waited_in_vain_ = true;
            co_return fail(net::timed_out());
        }
        co_await sending_.until(end);
    }
    if (is_aborted_) co_return fail(net::cancelled());
    co_return Result<void>{};
}

void Http2UpstreamStream::set_read_deadline(TimePoint when) {
    read_deadline_ = when;
    reading_.move(when);
}

net::Task<Result<std::size_t>> Http2UpstreamStream::read_heads(net::Buffer& buffer, std::size_t used) {
    for (;;) {
        if (is_aborted_) co_return fail(net::cancelled());
        // The request has not gone out: there is nothing to wait for.
        if (id_ == 0 && flaw_) co_return fail(*flaw_);
        if (!heads_.empty()) {
            // Room also for a head that follows an interim one.
            if (!buffer) buffer = connection_.worker_.buffers().take(std::clamp(heads_.size(), net::BufferPool::read_bytes, net::BufferPool::largest_bytes));
            const std::span<char> space = buffer.from(used);
            const std::size_t taken = std::min(space.size(), heads_.size());
            std::memcpy(space.data(), heads_.data(), taken);
            heads_.erase(0, taken);
            co_return taken;
        }
        if (is_closed_) co_return fail(closed());
        if (connection_.worker_.now() >= read_deadline_) {
            has_waited_in_vain_ = true;
            co_return fail(net::timed_out());
        }
        co_await reading_.until(read_deadline_);
        if (std::exchange(is_read_cancelled_, false)) co_return fail(net::cancelled());
    }
}

MessageBody& Http2UpstreamStream::begin_body(const http::Framing& framing, std::span<char>, Duration idle) {
    idle_ = idle;
    has_length_ = framing.kind == http::BodyKind::Length;
    if (framing.kind == http::BodyKind::None) is_done_ = true;
    return *this;
}

/// The upstream may send as much again as was taken.
void Http2UpstreamStream::give_back_piece() {
    piece_.clear();
    if (unreturned_ == 0) return;
    connection_.connection_.consume(id_, std::exchange(unreturned_, 0));
    connection_.wake_writer();
}

Result<std::optional<MessageBody::Piece>> Http2UpstreamStream::next_buffered() {
    give_back_piece();
    if (is_done_) return Piece{{}, true};
    if (received_.empty()) {
        if (!has_ended_) return std::nullopt;
        if (flaw_) return fail(*flaw_);
        is_done_ = true;
        return Piece{{}, true};
    }
    piece_ = std::move(received_);
    unreturned_ = piece_.size();
    body_bytes_ += piece_.size();
    is_done_ = has_ended_ && !flaw_;
    return Piece{piece_.view(), is_done_};
}

net::Task<Result<MessageBody::Piece>> Http2UpstreamStream::next() {
    net::Worker& worker = connection_.worker_;
    const TimePoint end = worker.now() + idle_;
    for (;;) {
        Result<std::optional<Piece>> piece = next_buffered();
        if (!piece) co_return fail(std::move(piece.error()));
        if (piece->has_value()) co_return **piece;
        if (is_aborted_) co_return fail(net::cancelled());
        if (is_closed_) co_return fail(closed());
        if (worker.now() >= end) {
            has_waited_in_vain_ = true;
            co_return fail(net::timed_out());
        }
        co_await reading_.until(end);
        if (std::exchange(is_read_cancelled_, false)) co_return fail(net::cancelled());
    }
}

/// Whoever is resumed first may end this stream, so only one is; a sender beside a reader sees it with the next tick of the clock.
void Http2UpstreamStream::abort() {
    is_aborted_ = true;
    if (!reading_.is_waiting()) {
        sending_.end();
        return;
    }
    sending_.move(connection_.worker_.now());
    reading_.end();
}

void Http2UpstreamStream::cancel_read() {
    is_read_cancelled_ = true;
    if (!reading_.end()) is_read_cancelled_ = false;
}

bool Http2UpstreamStream::has_lost_connection() const {
    return is_lost_ || (is_untouched_ && !connection_.connection_.takes_requests());
}

std::uint64_t Http2UpstreamStream::take_sent_bytes() { return std::exchange(sent_bytes_, 0); }

void Http2UpstreamStream::give_back(bool) {
    connection_.end_stream(*this);
}

}  // namespace sluice::proxy
