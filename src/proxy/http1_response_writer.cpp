#include "proxy/http1_response_writer.hpp"

#include <algorithm>
#include <utility>

#include "net/worker.hpp"

namespace sluice::proxy {

http::HeadWriter& Http1ResponseWriter::begin_head(std::uint16_t status, std::string_view reason,
                                             std::size_t capacity_bytes) {
    buffer_ = stream_.worker().buffers().take(
        std::min(capacity_bytes, net::BufferPool::largest_bytes));
    head_.emplace(buffer_.from(0));
    status_ = status;
    head_->status_line(status, reason);
    return *head_;
}

bool Http1ResponseWriter::end_head(const http::Framing& body) {
    const bool never_has_body = status_ == 204 || status_ == 304 || status_ < 200;
    if (body.kind == http::BodyKind::Length) {
        mode_ = Mode::Length;
        // 204 has no Content-Length (RFC 9110, 8.6); 304 and HEAD tell what GET would send.
        if (status_ != 204) head_->field("Content-Length", body.length);
    } else if (body.kind != http::BodyKind::None && !never_has_body) {
        mode_ = minor_version_ == 0 ? Mode::UntilClose : Mode::Chunked;
        if (mode_ == Mode::Chunked) {
            head_->field("Transfer-Encoding", "chunked");
        } else {
            keep_alive_ = false;
        }
    }
    if (is_head_request_ || never_has_body) mode_ = Mode::NoBody;
    if (!keep_alive_) {
        head_->field("Connection", "close");
    } else if (minor_version_ == 0) {
        head_->field("Connection", "keep-alive");
    }
    head_->end_head();
    if (head_->is_good()) return true;
    head_.reset();
    return false;
}

net::Pieces Http1ResponseWriter::pieces_for(std::string_view data, bool is_last,
                                       std::string_view trailers) {
    net::Pieces pieces;
    if (!head_sent_) pieces.add(head_->view());
    if (mode_ == Mode::NoBody) return pieces;
    if (mode_ != Mode::Chunked) {
        pieces.add(data);
        return pieces;
    }
    if (!data.empty()) {
        const std::size_t size = http::write_chunk_line(std::span<char, http::chunk_line_bytes>(chunk_line_), data.size());
        pieces.add({chunk_line_, size});
        pieces.add(data);
        pieces.add(http::chunk_end);
    }
    if (!is_last) return pieces;
    if (trailers.empty()) {
        pieces.add("0\r\n\r\n");
    } else {
        pieces.add(http::last_chunk);
        pieces.add(trailers);
        pieces.add(http::chunk_end);
    }
    return pieces;
}

net::Eventual<Result<void>> Http1ResponseWriter::send(std::string_view data, bool is_last, std::string_view trailers) {
    if (mode_ == Mode::NoBody) data = {};
    // Head, chunk and trailers together are more pieces than one call takes.
    if (!head_sent_ && mode_ == Mode::Chunked && is_last && !trailers.empty() && !data.empty()) return send_in_two(data, trailers);
    net::Pieces pieces = pieces_for(data, is_last, trailers);
    head_sent_ = true;
    if (pieces.empty()) return note_sent({}, data.size(), is_last);
    if (is_last && !keep_alive_) stream_.end_with_next_write();
    Result<bool> sent = stream_.try_write(pieces);
    if (!sent) return fail(std::move(sent.error()));
    if (!*sent) return send_rest(pieces, data.size(), is_last);
    return note_sent({}, data.size(), is_last);
}

net::Task<Result<void>> Http1ResponseWriter::send_in_two(std::string_view data, std::string_view trailers) {
    Result<void> first = co_await send(data, false);
    if (!first) co_return first;
    co_return co_await send({}, true, trailers);
}

net::Task<Result<void>> Http1ResponseWriter::send_rest(net::Pieces pieces, std::size_t body_bytes, bool is_last) {
    Result<void> sent = co_await stream_.write_rest(pieces);
    co_return note_sent(std::move(sent), body_bytes, is_last);
}

net::Task<Result<void>> Http1ResponseWriter::splice(platform::SplicePipe& pipe, bool is_last) {
    const std::size_t bytes = pipe.held_bytes();
    if (is_last && !keep_alive_) stream_.end_with_next_write();
    Result<void> sent = co_await stream_.splice_out(pipe);
    co_return note_sent(std::move(sent), bytes, is_last);
}

Result<void> Http1ResponseWriter::note_sent(Result<void> sent, std::size_t body_bytes, bool is_last) {
    if (!sent) return sent;
    body_bytes_ += body_bytes;
    is_complete_ = is_last;
    return {};
}

net::Task<Result<void>> Http1ResponseWriter::send_interim(const http::ResponseHead& head) {
    if (minor_version_ == 0) co_return Result<void>{};
    const net::Buffer buffer = stream_.worker().buffers().take();
    http::HeadWriter writer(buffer.from(0));
    writer.status_line(head.status, head.reason);
    for (const http::Field& field : head.fields) {
        // An interim response has no body, and no length of one (RFC 9110, 8.6).
        if (field.id != http::FieldId::ContentLength) writer.field(field);
    }
    writer.end_head();
    if (!writer.is_good()) co_return Result<void>{};
    co_return co_await stream_.write({writer.view()});
}

net::Task<Result<void>> Http1ResponseWriter::send_switch(const http::ResponseHead& head, std::string_view protocol,
                                                    std::size_t capacity_bytes) {
    const net::Buffer buffer = stream_.worker().buffers().take(capacity_bytes);
    http::HeadWriter writer(buffer.from(0));
    writer.status_line(101, head.reason);
    for (const http::Field& field : head.fields) writer.field(field);
    writer.field("Upgrade", protocol);
    writer.field("Connection", "Upgrade");
    writer.end_head();
    if (!writer.is_good()) {
        co_return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "the head does not fit", {}});
    }
    keep_alive_ = false;
    status_ = 101;
    head_sent_ = is_complete_ = true;
    co_return co_await stream_.write({writer.view()});
}

}  // namespace sluice::proxy
