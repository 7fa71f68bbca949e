// A stream to an upstream as one side of a tunnel (RFC 8441).

#include <utility>

#include "base/text.hpp"
#include "net/worker.hpp"
#include "proxy/http2_upstream.hpp"
#include "proxy/http2_upstream_stream.hpp"
#include "proxy/websocket_key.hpp"

namespace sluice::proxy {
namespace {

constexpr std::string_view line_end = "\r\n";

/// Takes the first line off a head, with its end.
std::string_view take_line(std::string_view& head) {
    const std::size_t end = head.find(line_end);
    const std::size_t size = end == std::string_view::npos ? head.size() : end + line_end.size();
    const std::string_view line = head.substr(0, size);
    head.remove_prefix(size);
    return line;
}

bool is_field(std::string_view line, std::string_view name) { return equal_ignoring_case(line.substr(0, line.find(':')), name); }

/// The value of a field in a head that we have written; empty when there is none.
std::string_view value_in(std::string_view head, std::string_view name) {
    while (!head.empty()) {
        const std::string_view line = take_line(head);
        if (is_field(line, name)) return trim(line.substr(name.size() + 1, line.size() - name.size() - 1 - line_end.size()));
    }
    return {};
}

}  // namespace

void Http2UpstreamStream::note_protocol(const Part& part) {
    protocol_ = part.protocol;
    const std::string_view key = value_in(part.head, websocket_key_field);
    if (!key.empty()) accept_ = websocket_accept(key);
}

/// The success that stands for 101, as that; the key has not gone out, so its answer is ours and no other is one (RFC 8441, 5).
std::string Http2UpstreamStream::switched(std::string_view head) const {
    std::string out = "HTTP/1.1 101 Switching Protocols\r\nupgrade: ";
    out.append(protocol_).append("\r\nconnection: upgrade\r\n");
    if (!accept_.empty()) out.append(websocket_accept_field).append(": ").append(accept_).append(line_end);
    take_line(head);
    while (!head.empty()) {
        const std::string_view line = take_line(head);
        if (!is_field(line, websocket_accept_field)) out.append(line);
    }
    return out;
}

net::Task<Result<void>> Http2UpstreamStream::readable() {
    while (received_.empty() && unreturned_ == 0 && !has_ended_ && !is_closed_) {
        if (is_aborted_) co_return fail(net::cancelled());
        co_await reading_.until(connection_.worker_.now() + no_limit);
        if (std::exchange(is_read_cancelled_, false)) break;
    }
    if (is_aborted_) co_return fail(net::cancelled());
    co_return Result<void>{};
}

/// What was read may be sent again by the upstream.
Result<std::optional<std::size_t>> Http2UpstreamStream::try_read(std::span<char> space) {
    if (is_aborted_) return fail(net::cancelled());
    if (unreturned_ == 0 && received_.empty()) {
        if (has_ended_) return 0;
        if (is_closed_) return fail(closed());
        return std::nullopt;
    }
    const std::size_t size = take_received(received_, piece_, unreturned_, space);
    connection_.connection_.consume(id_, size);
    connection_.wake_writer();
    return size;
}

net::Task<Result<void>> Http2UpstreamStream::write(net::Pieces pieces) {
    for (const std::string_view piece : pieces.all()) {
        Result<void> sent = co_await send_piece(piece, false, {});
        if (!sent) {
            // Its memory is the caller's, and gone behind this.
            if (!is_taken_) connection_.connection_.reset(id_, http2::Code::Cancel);
            co_return sent;
        }
    }
    co_return Result<void>{};
}

void Http2UpstreamStream::shutdown_send() {
    if (is_closed_) return;
    is_taken_ = false;
    connection_.connection_.send_body(id_, {}, true, {});
    connection_.wake_writer();
}

}  // namespace sluice::proxy
