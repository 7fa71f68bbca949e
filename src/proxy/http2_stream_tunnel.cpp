// A stream of a client's as one side of a tunnel (RFC 8441).

#include <utility>

#include "net/worker.hpp"
#include "proxy/http2_session.hpp"
#include "proxy/http2_stream.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {

net::Task<Result<void>> Http2Stream::readable() {
    while (received_.empty() && unreturned_ == 0 && !has_body_ended_ && !is_closed_) {
        if (is_aborted_) co_return fail(net::cancelled());
        co_await reading_.until(state().worker().now() + no_limit);
        if (std::exchange(is_read_cancelled_, false)) break;
    }
    if (is_aborted_) co_return fail(net::cancelled());
    co_return Result<void>{};
}

/// What was read may be sent again by the client.
Result<std::optional<std::size_t>> Http2Stream::try_read(std::span<char> space) {
    if (is_aborted_) return fail(net::cancelled());
    if (unreturned_ == 0 && received_.empty()) {
        if (has_body_ended_) return 0;
        if (is_closed_) return closed();
        return std::nullopt;
    }
    const std::size_t size = take_received(received_, piece_, unreturned_, space);
    session_.connection_.consume(id_, size);
    session_.wake_writer();
    return size;
}

net::Task<Result<void>> Http2Stream::write(net::Pieces pieces) {
    for (const std::string_view piece : pieces.all()) {
        if (is_closed_) co_return closed();
        send_piece(piece, false);
        Result<void> taken = co_await await_taken();
        if (!taken) {
            drop_piece();
            co_return taken;
        }
    }
    co_return Result<void>{};
}

void Http2Stream::shutdown_send() {
    if (!is_closed_) send_piece({}, true);
}

void Http2Stream::send_piece(std::string_view data, bool is_last) {
    begin_piece(data.size(), is_last);
    session_.connection_.send_body(id_, data, is_last, {});
    session_.wake_writer();
}

/// Its memory is the caller's, and gone behind this; without it the rest can't follow.
void Http2Stream::drop_piece() {
    if (is_taken_) return;
    session_.connection_.drop_body(id_);
    must_reset_ = true;
}

/// What has been sent goes out, and the end behind it, in peace or not; whatever the tunnel has been told.
net::Task<void> Http2Stream::end_tunnel() {
    if (must_reset_ || is_closed_) {
        if (!is_closed_) session_.connection_.reset(id_, http2::Code::Cancel);
        co_return;
    }
    // A piece that was under way when the tunnel was cut off is gone with it.
    if (!is_taken_ && !is_last_) {
        session_.connection_.reset(id_, http2::Code::Cancel);
        co_return;
    }
    if (!is_last_) shutdown_send();
    const TimePoint end = state().worker().now() + state().limits().body_idle;
    while (!is_taken_ && !is_closed_ && state().worker().now() < end) co_await sending_.until(end);
    if (is_closed_) co_return;
    if (!is_taken_) {
        session_.connection_.reset(id_, http2::Code::Cancel);
    } else if (!has_body_ended_) {
        session_.connection_.stop_request(id_);
    }
}

}  // namespace sluice::proxy
