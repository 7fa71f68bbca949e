#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "http/serializer.hpp"
#include "net/buffer_pool.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace sluice::proxy {

/// Writes the response of one exchange to an HTTP/1.x client: the head goes out with the first piece of the body in one
/// system call. The place behind which an HTTP/2 stream will stand.
///
/// Threading: one worker.
/// Lifetime:  the stream outlives it.
/// Failure:   Closed, TimedOut or Cancelled; the caller names the side.
class ResponseWriter {
public:
    ResponseWriter(net::Stream& stream, http::Method method, std::uint8_t minor_version,
                   bool may_keep_alive)
        : stream_(stream),
          is_head_request_(method == http::Method::Head),
          minor_version_(minor_version),
          keep_alive_(may_keep_alive) {}

    /// Begins a head; fields are added to what it gives, then `end_head` closes it. `capacity_bytes` is room for all of it.
    [[nodiscard]] http::HeadWriter& begin_head(std::uint16_t status, std::string_view reason,
                                               std::size_t capacity_bytes);
    /// Adds the fields of the framing and of the connection, and closes the head. `body` tells what is to come:
    /// UntilClose stands for a body of unknown length, which becomes chunks where the client knows them.
    /// Failure: false when the head did not fit or held a forbidden byte; nothing has been sent then.
    [[nodiscard]] bool end_head(const http::Framing& body);

    /// Sends a piece of the body, and before it the head if that has not gone out. `is_last` ends the response.
    [[nodiscard]] net::Task<Result<void>> send(std::string_view data, bool is_last,
                                               std::string_view trailers = {});

    /// Passes an interim response (1xx) on at once, its hop-by-hop fields removed before; to an
    /// HTTP/1.0 client nothing goes out.
    [[nodiscard]] net::Task<Result<void>> send_interim(const http::ResponseHead& head);

    /// Sends 101 with the fields of `head`, its hop-by-hop fields removed before, and is done: what follows is not HTTP.
    [[nodiscard]] net::Task<Result<void>> send_switch(const http::ResponseHead& head, std::string_view protocol,
                                                      std::size_t capacity_bytes);

    /// This response is the connection's last. Before `end_head`.
    void close_after() { keep_alive_ = false; }
    /// The same, unless a head that says otherwise is on its way: the client may rely on it.
    void close_after_if_untold() {
        if (!head_) close_after();
    }

    /// Bytes of a final head have gone out: an error can't be told any more but by closing.
    [[nodiscard]] bool has_begun() const { return head_sent_; }
    /// The client finds the end of the body by the end of the connection.
    [[nodiscard]] bool ends_by_close() const { return mode_ == Mode::UntilClose; }
    [[nodiscard]] bool is_complete() const { return is_complete_; }
    [[nodiscard]] bool keeps_alive() const { return keep_alive_; }
    [[nodiscard]] std::uint16_t status() const { return status_; }
    [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }

private:
    enum class Mode : std::uint8_t { NoBody, Length, Chunked, UntilClose };

    [[nodiscard]] net::Pieces pieces_for(std::string_view data, bool is_last,
                                         std::string_view trailers);

    net::Stream& stream_;
    bool is_head_request_;
    std::uint8_t minor_version_;
    bool keep_alive_;
    bool head_sent_ = false;
    bool is_complete_ = false;
    Mode mode_ = Mode::NoBody;
    std::uint16_t status_ = 0;
    std::uint64_t body_bytes_ = 0;
    net::Buffer buffer_;
    std::optional<http::HeadWriter> head_;
    char chunk_line_[http::chunk_line_bytes];
};

}  // namespace sluice::proxy
