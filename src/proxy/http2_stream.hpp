#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http2/server_connection.hpp"
#include "net/buffer_pool.hpp"
#include "net/bytes.hpp"
#include "net/pause.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/client_link.hpp"
#include "proxy/message_body.hpp"
#include "proxy/response_writer.hpp"

namespace sluice::proxy {

class Exchange;
class Http2Session;

/// One stream of an HTTP/2 connection, as its exchange sees it: the way to the client, and the request's body; or, with an extended
/// CONNECT, one side of a tunnel.
///
/// Lifetime: on the frame of the coroutine that serves it.
class Http2Stream final : public ClientLink, public MessageBody, public TunnelSide {
public:
    struct Request {
        std::size_t head_bytes = 0;
        /// More comes behind the head.
        bool has_body = false;
        bool has_length = false;
        /// It is an extended CONNECT: what comes is no body.
        bool is_connect = false;
    };
    Http2Stream(Http2Session& session, http2::StreamId id, const Request& request);
    Http2Stream(const Http2Stream&) = delete;
    Http2Stream& operator=(const Http2Stream&) = delete;
    ~Http2Stream();

    [[nodiscard]] http2::StreamId id() const { return id_; }
    [[nodiscard]] bool is_closed() const { return is_closed_; }
    /// Of what has come, beside pieces of a body.
    [[nodiscard]] std::size_t unconsumed() const { return received_.size(); }
    /// The client sends no more.
    [[nodiscard]] bool has_input_ended() const { return has_body_ended_; }
    /// For who waits for a client that has reset the stream.
    [[nodiscard]] static Failure closed();
    void use(Exchange* exchange) { exchange_ = exchange; }
    [[nodiscard]] Exchange* exchange() const { return exchange_; }

    // What the session tells, and what came before there was a stream.
    void add_body(std::string_view data);
    void begin_body(net::Bytes received) { received_ = std::move(received); }
    void end_body(std::string trailers);
    void note_taken() { is_taken_ = true; }
    void note_progress(TimePoint now) { progress_ = now; }
    void note_closed() { is_closed_ = true; }
    /// Something of that has happened: whoever waits looks.
    void wake();

    /// Waits until the last piece of the response was taken.
    [[nodiscard]] net::Task<Result<void>> await_taken();
    void begin_piece(std::size_t bytes, bool is_last) {
        is_taken_ = false;
        is_last_ = is_last;
        bytes_written_ += bytes;
    }

    // ClientLink
    [[nodiscard]] WorkerState& state() override;
    [[nodiscard]] const filters::Peer& client() const override;
    [[nodiscard]] const Entrance& entrance() const override;
    [[nodiscard]] std::size_t head_bytes() const override { return head_bytes_; }
    [[nodiscard]] std::uint64_t bytes_written() const override { return bytes_written_; }
    [[nodiscard]] bool is_draining() const override;
    [[nodiscard]] bool is_leaving() const override;
    void watch(net::StreamWatcher* watcher) override;
    void unwatch() override { watcher_ = nullptr; }
    [[nodiscard]] bool has_left() override { return is_closed_ && !(is_last_ && is_taken_); }
    // Of both, as are cancel_read and reset_on_close.
    void abort() override;
    void allow_pauses(Duration longest) override { longest_pause_ = longest; }
    void refuse_waits() override { is_aborted_ = true; }
    void cancel_read() override;
    void reset_on_close() override { must_reset_ = true; }
    [[nodiscard]] TunnelSide& tunnel_side(StreamSide&) override { return *this; }
    [[nodiscard]] bool must_switch() const override { return is_connect_; }

    // TunnelSide
    void begin_tunnel(Duration write_stall) override { write_stall_ = write_stall; }
    [[nodiscard]] net::Task<Result<void>> readable() override;
    [[nodiscard]] Result<std::optional<std::size_t>> try_read(std::span<char> space) override;
    [[nodiscard]] net::Task<Result<void>> write(net::Pieces pieces) override;
    void shutdown_send() override;
    /// After the tunnel: sees to it that the client learns of the end.
    [[nodiscard]] net::Task<void> end_tunnel();

    // MessageBody
    [[nodiscard]] Result<std::optional<Piece>> next_buffered() override;
    [[nodiscard]] net::Task<Result<Piece>> next() override;
    void forget_first() override { first_.clear(); }
    [[nodiscard]] bool is_done() const override { return is_done_; }
    [[nodiscard]] std::uint64_t body_bytes() const override { return body_bytes_; }
    [[nodiscard]] std::string_view trailers() const override { return is_done_ && !has_length_ ? std::string_view(trailers_) : std::string_view(); }
    [[nodiscard]] std::string_view leftover() const override { return {}; }

private:
    void give_back_piece();
    void send_piece(std::string_view data, bool is_last);
    void drop_piece();

    Http2Session& session_;
    http2::StreamId id_;
    std::size_t head_bytes_;
    bool has_length_;
    bool is_connect_;
    Exchange* exchange_ = nullptr;
    net::StreamWatcher* watcher_ = nullptr;

    net::Bytes received_;
    /// The first piece, which stays: the exchange may have to send it again.
    net::Bytes first_;
    net::Bytes piece_;
    /// Bytes of the last piece, that the client's window has not got back.
    std::size_t unreturned_ = 0;
    std::string trailers_;
    /// Why the trailers are none.
    std::optional<Error> flaw_;
    bool has_body_ended_;
    bool is_done_;
    std::uint64_t body_bytes_ = 0;
    Duration waited_{};
    /// Zero: the limits of uploads are kept.
    Duration longest_pause_{};
    net::Pause reading_;
    bool is_read_cancelled_ = false;

    bool is_taken_ = true;
    /// When some of the response was taken last.
    TimePoint progress_{};
    /// With what is taken the response is whole: whoever leaves afterwards leaves in peace.
    bool is_last_ = false;
    net::Pause sending_;
    /// Of a tunnel; zero: the limit of responses is kept.
    Duration write_stall_{};
    std::uint64_t bytes_written_ = 0;

    bool is_closed_ = false;
    bool is_aborted_ = false;
    bool must_reset_ = false;
};

/// Writes the response of one exchange to its stream.
class Http2ResponseWriter final : public ResponseWriter {
public:
    Http2ResponseWriter(Http2Session& session, Http2Stream& stream, http::Method method)
        : session_(session), stream_(stream), is_head_request_(method == http::Method::Head) {}

    /// What follows is not HTTP.
    [[nodiscard]] bool has_switched() const { return has_switched_; }

    [[nodiscard]] http::HeadWriter& begin_head(std::uint16_t status, std::string_view reason, std::size_t capacity_bytes) override;
    [[nodiscard]] bool end_head(const http::Framing& body) override;
    [[nodiscard]] net::Eventual<Result<void>> send(std::string_view data, bool is_last, std::string_view trailers = {}) override;
    [[nodiscard]] net::Task<Result<void>> send_interim(const http::ResponseHead& head) override;
    [[nodiscard]] net::Task<Result<void>> send_switch(const http::ResponseHead& head, std::string_view protocol,
                                                      std::size_t capacity_bytes) override;

    // Other streams go on, whatever becomes of this one.
    void close_after() override {}
    void close_after_if_untold() override {}
    [[nodiscard]] bool ends_by_close() const override { return false; }
    [[nodiscard]] bool keeps_alive() const override { return true; }

private:
    [[nodiscard]] net::Task<Result<void>> await_taken(std::size_t body_bytes, bool is_last);

    Http2Session& session_;
    Http2Stream& stream_;
    bool is_head_request_;
    bool has_body_ = false;
    bool has_switched_ = false;
    std::uint32_t interims_ = 0;
    net::Buffer buffer_;
    std::optional<http::HeadWriter> head_;
};

}  // namespace sluice::proxy
