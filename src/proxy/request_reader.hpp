#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/model.hpp"
#include "http/head_parser.hpp"
#include "net/buffer_pool.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace sluice::proxy {

/// Reads request heads from a client's stream, one after the other, within the limits of size, time and rate.
///
/// Threading: one worker.
/// Lifetime:  stream and limits outlive it; the limits may change meanwhile.
/// Failure:   side Client: what HeadScanner and the parser refuse, and HeadTimeout.
class RequestReader {
public:
    RequestReader(net::Stream& stream, const config::Limits& limits);

    /// What has come; nothing may have, though the stream said so (tls::Connection).
    enum class Input : std::uint8_t { Nothing, Bytes, End };
    /// Takes what is there, without waiting.
    [[nodiscard]] Input take_input();

    /// Looks for the next head in what has been read. False: it is not complete.
    [[nodiscard]] Result<bool> find_head();
    /// Reads until that head is complete. False: the client has left in the middle of it.
    [[nodiscard]] net::Task<Result<bool>> read_head();

    /// Parses the head that was found, whose views point into it.
    [[nodiscard]] Result<void> parse_head(http::RequestHead& out);

    /// The head that was found, and what has arrived behind it. Valid until keep_leftover.
    [[nodiscard]] std::string_view head() const { return {buffer_.data(), head_bytes_}; }
    [[nodiscard]] std::span<char> rest() const { return buffer_.from(head_bytes_).first(used_ - head_bytes_); }
    [[nodiscard]] TimePoint first_byte() const { return first_byte_; }

    /// The request is over; `leftover` is the beginning of the next one.
    void keep_leftover(std::string_view leftover);
    [[nodiscard]] bool has_input() const { return used_ != 0; }

    /// Reads and drops what the client still sends, for a short while: closing with unread input would reset the connection
    /// and could take the last response with it.
    [[nodiscard]] net::Task<void> linger();

private:
    [[nodiscard]] Result<bool> scan();
    [[nodiscard]] net::Task<Result<bool>> read_more(Duration& waited);

    net::Stream& stream_;
    const config::Limits& limits_;
    http::HeadScanner scanner_;
    net::Buffer buffer_;
    std::size_t used_ = 0;
    std::size_t head_bytes_ = 0;
    TimePoint first_byte_;
};

[[nodiscard]] http::HeadLimits head_limits(const config::Limits& limits);

}  // namespace sluice::proxy
