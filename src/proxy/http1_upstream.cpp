#include "proxy/http1_upstream.hpp"

#include <utility>

#include "proxy/endpoint_connections.hpp"

namespace sluice::proxy {

void Http1Upstream::begin(net::Stream connection, EndpointConnections* owner, std::shared_ptr<const tls::ClientContext> tls) {
    stream_ = std::move(connection);
    owner_ = owner;
    tls_ = std::move(tls);
    requests_ = 0;
    counted_bytes_ = 0;
}

void Http1Upstream::end() {
    body_.reset();
    stream_ = net::Stream();
    tls_.reset();
}

/// While idle, an upstream has nothing to say: it has left, or sends what nobody asked for.
void Http1Upstream::on_unawaited_input() { owner_->leave_pool(*this); }

net::Eventual<Result<void>> Http1Upstream::send(Part part) {
    net::Pieces pieces = framed(part);
    const std::string_view trailers = part.is_last ? part.trailers : std::string_view{};
    Result<bool> sent = stream_.try_write(pieces);
    if (!sent) return fail(std::move(sent.error()));
    if (!*sent) return send_rest(pieces, trailers);
    if (trailers.empty()) return Result<void>{};
    return send_trailers(trailers);
}

net::Task<Result<void>> Http1Upstream::send_rest(net::Pieces pieces, std::string_view trailers) {
    Result<void> sent = co_await stream_.write_rest(pieces);
    if (!sent || trailers.empty()) co_return sent;
    co_return co_await send_trailers(trailers);
}

net::Task<Result<void>> Http1Upstream::send_trailers(std::string_view trailers) {
    co_return co_await stream_.write({trailers, http::chunk_end});
}

/// Without the trailers, which follow.
net::Pieces Http1Upstream::framed(const Part& part) {
    net::Pieces pieces{part.head};
    if (part.framing != http::BodyKind::Chunked) {
        pieces.add(part.first);
        pieces.add(part.second);
        return pieces;
    }
    if (!part.first.empty() || !part.second.empty()) {
        const std::size_t size = http::write_chunk_line(std::span<char, http::chunk_line_bytes>(chunk_line_),
                                                        part.first.size() + part.second.size());
        pieces.add({chunk_line_, size});
        pieces.add(part.first);
        pieces.add(part.second);
        pieces.add(http::chunk_end);
    }
    if (part.is_last) pieces.add(part.trailers.empty() ? "0\r\n\r\n" : http::last_chunk);
    return pieces;
}

UpstreamRead Http1Upstream::read(net::Buffer& buffer, std::size_t used) {
    return buffer ? stream_.read(buffer.from(used)) : stream_.read(buffer);
}

MessageBody& Http1Upstream::begin_body(const http::Framing& framing, std::span<char> buffered, Duration idle) {
    body_kind_ = framing.kind;
    return body_.emplace(stream_, framing, buffered, ReadPace{idle, 0, {}});
}

bool Http1Upstream::is_reusable() {
    return body_ && body_->is_done() && body_->leftover().empty() && body_kind_ != http::BodyKind::UntilClose &&
           // A pipelined request takes the connection before the pool hears of bytes that nobody asked for.
           stream_.is_drained();
}

std::uint64_t Http1Upstream::take_sent_bytes() {
    const std::uint64_t before = std::exchange(counted_bytes_, stream_.bytes_written());
    return counted_bytes_ - before;
}

void Http1Upstream::give_back(bool is_reusable) {
    body_.reset();
    if (owner_ == nullptr) return;
    if (is_reusable) {
        owner_->release(*this);
    } else {
        owner_->discard(*this);
    }
}

}  // namespace sluice::proxy
