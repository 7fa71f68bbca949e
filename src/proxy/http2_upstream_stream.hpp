#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http2/protocol.hpp"
#include "net/bytes.hpp"
#include "net/pause.hpp"
#include "proxy/upstream_link.hpp"

namespace sluice::proxy {

class Http2Upstream;

/// One stream of a connection to an upstream, as its exchange sees it: the way of the request, and the body of the response.
///
/// Lifetime: owned by its connection, which lends it to one request after the other.
class Http2UpstreamStream final : public UpstreamLink, private MessageBody, private TunnelSide {
public:
    explicit Http2UpstreamStream(Http2Upstream& connection);

    /// Ready for another request.
    void begin(TimePoint now, bool is_reused);
    /// 0 until the request is on its way.
    [[nodiscard]] http2::StreamId id() const { return id_; }
    [[nodiscard]] TimePoint began_at() const { return began_at_; }
    /// The time to wait for a response has passed.
    [[nodiscard]] bool has_waited_in_vain() const { return has_waited_in_vain_; }

    // What the connection tells.
    void add_head(std::string_view head, bool is_last);
    void add_body(std::string_view data);
    /// Nobody looks at it any more.
    void drop_body();
    void end_body(std::string trailers);
    void note_taken() { is_taken_ = true; }
    void note_progress(TimePoint now) { progress_ = now; }
    void note_closed(http2::Code code, bool is_untouched);
    void note_lost(const std::string& reason);
    /// Something of that has happened: whoever waits looks. The stream may be another request's afterwards.
    void wake();

    // UpstreamLink
    [[nodiscard]] net::Eventual<Result<void>> send(Part part) override;
    [[nodiscard]] UpstreamRead read(net::Buffer& buffer, std::size_t used) override { return read_heads(buffer, used); }
    void set_read_deadline(TimePoint when) override;
    [[nodiscard]] MessageBody& begin_body(const http::Framing& framing, std::span<char> buffered, Duration idle) override;
    [[nodiscard]] bool is_reusable() override { return is_done_ && is_closed_; }
    [[nodiscard]] bool has_lost_connection() const override;
    [[nodiscard]] bool is_reused() const override { return is_reused_; }
    void abort() override;
    void cancel_read() override;
    [[nodiscard]] bool is_awaited() const override { return reading_.is_waiting() || sending_.is_waiting(); }
    [[nodiscard]] std::uint64_t take_sent_bytes() override;
    [[nodiscard]] TunnelSide& tunnel_side(StreamSide&) override { return *this; }
    [[nodiscard]] bool may_hand_back_unread() const override { return true; }
    [[nodiscard]] bool has_trailers_behind_length() const override { return true; }
    void give_back(bool is_reusable) override;

private:
    // MessageBody
    [[nodiscard]] Result<std::optional<Piece>> next_buffered() override;
    [[nodiscard]] net::Task<Result<Piece>> next() override;
    [[nodiscard]] bool is_done() const override { return is_done_; }
    [[nodiscard]] std::uint64_t body_bytes() const override { return body_bytes_; }
    [[nodiscard]] std::string_view trailers() const override { return is_done_ && !has_length_ ? std::string_view(trailers_) : std::string_view(); }
    [[nodiscard]] std::string_view leftover() const override { return {}; }

    // TunnelSide; abort and cancel_read are those of both.
    void begin_tunnel(Duration write_stall) override { write_stall_ = write_stall; }
    [[nodiscard]] net::Task<Result<void>> readable() override;
    [[nodiscard]] Result<std::optional<std::size_t>> try_read(std::span<char> space) override;
    [[nodiscard]] net::Task<Result<void>> write(net::Pieces pieces) override;
    void shutdown_send() override;
    // A stream that is given back before its end is reset.
    void reset_on_close() override {}

    [[nodiscard]] Result<void> open(const Part& part);
    void note_protocol(const Part& part);
    [[nodiscard]] std::string switched(std::string_view head) const;
    [[nodiscard]] net::Task<Result<std::size_t>> read_heads(net::Buffer& buffer, std::size_t used);
    [[nodiscard]] net::Task<Result<void>> send_body(Part part);
    [[nodiscard]] net::Task<Result<void>> send_piece(std::string_view data, bool is_last, std::string_view trailers);
    [[nodiscard]] Error closed() const;
    void give_back_piece();

    Http2Upstream& connection_;
    http2::StreamId id_ = 0;
    TimePoint began_at_{};
    /// What an extended CONNECT asks for, and the Sec-WebSocket-Accept that the client expects for it.
    std::string protocol_;
    std::string accept_;
    bool is_tunnel_ = false;
    bool is_reused_ = false;

    /// Heads that came and were not read.
    std::string heads_;
    net::Bytes received_;
    net::Bytes piece_;
    /// Bytes of the last piece, that the upstream's window has not got back.
    std::size_t unreturned_ = 0;
    std::string trailers_;
    /// Why the request could not go out, or what came can't be the trailers.
    std::optional<Error> flaw_;
    bool has_ended_ = false;
    bool is_done_ = false;
    bool has_length_ = false;
    std::uint64_t body_bytes_ = 0;
    Duration idle_{};
    TimePoint read_deadline_{};
    net::Pause reading_;
    bool is_read_cancelled_ = false;
    bool has_waited_in_vain_ = false;

    bool is_taken_ = true;
    TimePoint progress_{};
    net::Pause sending_;
    Duration write_stall_{};
    std::uint64_t sent_bytes_ = 0;

    bool is_closed_ = false;
    bool is_untouched_ = false;
    bool is_lost_ = false;
    http2::Code code_ = http2::Code::NoError;
    std::string reason_;
    bool is_aborted_ = false;
};

}  // namespace sluice::proxy
