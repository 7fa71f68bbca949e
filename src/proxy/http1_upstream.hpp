#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "http/serializer.hpp"
#include "net/stream.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/upstream_link.hpp"
#include "tls/client_context.hpp"
#include "upstream/idle_pool.hpp"

namespace sluice::proxy {

class EndpointConnections;

/// One connection to an endpoint that speaks HTTP/1.1: with an exchange, or idle in the pool, where it hears of its peer's farewell.
///
/// Lifetime: owned by its EndpointConnections; without one, by whoever made it, and `give_back` does nothing.
class Http1Upstream final : public UpstreamLink, public net::StreamWatcher, public upstream::IdleHook {
public:
    Http1Upstream() = default;
    /// Ready for use with a connection, or another one.
    void begin(net::Stream connection, EndpointConnections* owner, std::shared_ptr<const tls::ClientContext> tls);
    /// Closes the connection.
    void end();

    // UpstreamLink
    [[nodiscard]] net::Eventual<Result<void>> send(Part part) override;
    [[nodiscard]] bool can_splice(http::BodyKind framing) const override {
        return framing == http::BodyKind::Length && stream_.can_splice_out();
    }
    [[nodiscard]] net::Task<Result<void>> splice(platform::SplicePipe& pipe) override { return stream_.splice_out(pipe); }
    [[nodiscard]] UpstreamRead read(net::Buffer& buffer, std::size_t used) override;
    void set_read_deadline(TimePoint when) override { stream_.set_read_deadline(when); }
    [[nodiscard]] MessageBody& begin_body(const http::Framing& framing, std::span<char> buffered, Duration idle) override;
    [[nodiscard]] bool is_reusable() override;
    [[nodiscard]] bool has_lost_connection() const override { return true; }
    [[nodiscard]] bool is_reused() const override { return requests_ > 1; }
    void abort() override { stream_.abort(); }
    void cancel_read() override { stream_.cancel_read(); }
    [[nodiscard]] bool is_awaited() const override { return stream_.is_awaited(); }
    [[nodiscard]] std::uint64_t take_sent_bytes() override;
    [[nodiscard]] TunnelSide& tunnel_side(StreamSide& plain) override { return plain.use(stream_); }
    [[nodiscard]] bool may_hand_back_unread() const override { return false; }
    [[nodiscard]] bool has_trailers_behind_length() const override { return false; }
    void give_back(bool is_reusable) override;

    void watch() { stream_.watch(this); }
    void unwatch() { stream_.unwatch(); }
    /// The rules by which it was secured; nullptr: none.
    [[nodiscard]] const std::shared_ptr<const tls::ClientContext>& tls() const { return tls_; }
    void count_request() { ++requests_; }
    /// Requests that it has carried.
    [[nodiscard]] std::uint32_t requests() const { return requests_; }

private:
    void on_unawaited_input() override;
    [[nodiscard]] net::Task<Result<void>> send_rest(net::Pieces pieces, std::string_view trailers);
    [[nodiscard]] net::Task<Result<void>> send_trailers(std::string_view trailers);
    [[nodiscard]] net::Pieces framed(const Part& part);

    net::Stream stream_;
    EndpointConnections* owner_ = nullptr;
    std::shared_ptr<const tls::ClientContext> tls_;
    std::uint32_t requests_ = 0;
    std::uint64_t counted_bytes_ = 0;
    std::optional<BodyReader> body_;
    http::BodyKind body_kind_ = http::BodyKind::None;
    char chunk_line_[http::chunk_line_bytes];
};

}  // namespace sluice::proxy
