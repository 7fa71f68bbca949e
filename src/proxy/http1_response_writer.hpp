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
#include "proxy/response_writer.hpp"

namespace sluice::proxy {

/// Writes the response of one exchange to an HTTP/1.x client: the head goes out with the first piece of the body in one
/// system call. To an HTTP/1.0 client no interim response goes out, and a body of unknown length ends with the connection.
///
/// Threading: one worker.
/// Lifetime:  the stream outlives it.
/// Failure:   Closed, TimedOut or Cancelled; the caller names the side.
class Http1ResponseWriter final : public ResponseWriter {
public:
    Http1ResponseWriter(net::Stream& stream, http::Method method, std::uint8_t minor_version,
                   bool may_keep_alive)
        : stream_(stream),
          is_head_request_(method == http::Method::Head),
          minor_version_(minor_version),
          keep_alive_(may_keep_alive) {}

    [[nodiscard]] http::HeadWriter& begin_head(std::uint16_t status, std::string_view reason, std::size_t capacity_bytes) override;
    [[nodiscard]] bool end_head(const http::Framing& body) override;
    [[nodiscard]] net::Eventual<Result<void>> send(std::string_view data, bool is_last, std::string_view trailers = {}) override;
    [[nodiscard]] bool can_splice() const override { return mode_ == Mode::Length && head_sent_ && stream_.can_splice_out(); }
    [[nodiscard]] net::Task<Result<void>> splice(platform::SplicePipe& pipe, bool is_last) override;
    [[nodiscard]] net::Task<Result<void>> send_interim(const http::ResponseHead& head) override;
    [[nodiscard]] net::Task<Result<void>> send_switch(const http::ResponseHead& head, std::string_view protocol,
                                                      std::size_t capacity_bytes) override;

    void close_after() override { keep_alive_ = false; }
    void close_after_if_untold() override {
        if (!head_) keep_alive_ = false;
    }
    [[nodiscard]] bool ends_by_close() const override { return mode_ == Mode::UntilClose; }
    [[nodiscard]] bool keeps_alive() const override { return keep_alive_; }

private:
    enum class Mode : std::uint8_t { NoBody, Length, Chunked, UntilClose };

    [[nodiscard]] net::Task<Result<void>> send_in_two(std::string_view data, std::string_view trailers);
    [[nodiscard]] net::Task<Result<void>> send_rest(net::Pieces pieces, std::size_t body_bytes, bool is_last);
    [[nodiscard]] Result<void> note_sent(Result<void> sent, std::size_t body_bytes, bool is_last);
    [[nodiscard]] net::Pieces pieces_for(std::string_view data, bool is_last,
                                         std::string_view trailers);

    net::Stream& stream_;
    bool is_head_request_;
    std::uint8_t minor_version_;
    bool keep_alive_;
    Mode mode_ = Mode::NoBody;
    net::Buffer buffer_;
    std::optional<http::HeadWriter> head_;
    char chunk_line_[http::chunk_line_bytes];
};

}  // namespace sluice::proxy
