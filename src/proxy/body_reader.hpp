#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/pooled.hpp"
#include "base/result.hpp"
#include "http/chunked_reader.hpp"
#include "http/message.hpp"
#include "net/buffer_pool.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "proxy/message_body.hpp"

namespace sluice::proxy {

/// How long a sender may take. Only the time spent waiting for the sender counts, so that a slow receiver on the
/// other side is not held against it.
struct ReadPace {
    Duration idle = std::chrono::seconds{60};
    /// Bytes a second that must be kept up on average once `grace` is over; 0 for no such rule.
    std::uint32_t min_rate = 0;
    Duration grace = std::chrono::seconds{5};
};

/// The moment when a sender that has sent `bytes` in `waited` of waiting is too slow, seen from `now`.
[[nodiscard]] TimePoint pace_deadline(const ReadPace& pace, std::uint64_t bytes, Duration waited,
                                      TimePoint now);

/// Reads the body of one message: first what came with the head, then from the stream, in pieces that are views into
/// its buffers. Chunked framing is taken off.
///
/// Threading: one worker.
/// Lifetime:  stream and buffered bytes outlive it; a piece is valid until the next call.
/// Failure:   BadFraming (chunks), Closed (ended early), TimedOut, Cancelled; the caller names the side.
class BodyReader final : public MessageBody {
public:
    /// `buffered` are the bytes after the head that have arrived already; chunks are joined in place there.
    BodyReader(net::Stream& stream, const http::Framing& framing, std::span<char> buffered,
               const ReadPace& pace);

    [[nodiscard]] Result<std::optional<Piece>> next_buffered() override;
    [[nodiscard]] net::Task<Result<Piece>> next() override;
    [[nodiscard]] bool can_splice() const override;
    [[nodiscard]] net::Task<Result<net::SplicePipes::Lent>> next_spliced() override;
    [[nodiscard]] bool is_done() const override { return is_done_; }
    [[nodiscard]] std::uint64_t body_bytes() const override { return body_bytes_; }
    /// The trailer section of a chunked body.
    [[nodiscard]] std::string_view trailers() const override;
    /// Bytes that came after the message's end (the next request, or what nobody asked for).
    [[nodiscard]] std::string_view leftover() const override { return {input_.data(), input_.size()}; }

private:
    [[nodiscard]] Piece take_length();
    [[nodiscard]] Result<std::optional<Piece>> take_chunks();
    [[nodiscard]] std::size_t wanted_bytes() const;
    [[nodiscard]] net::Task<Result<bool>> fill();

    net::Stream& stream_;
    http::Framing framing_;
    ReadPace pace_;
    std::uint64_t remaining_;
    std::uint64_t body_bytes_ = 0;
    bool is_done_ = false;
    /// As far as is known much comes at once: the last splice has brought enough, or the last read has filled its buffer.
    bool is_flowing_ = true;
    std::span<char> input_;
    net::Buffer buffer_;
    Duration waited_{};
    Pooled<http::ChunkedReader> chunks_;
};

}  // namespace sluice::proxy
