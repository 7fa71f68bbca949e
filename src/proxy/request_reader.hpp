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

/// Reads request heads from a client's stream, one after the other, within the limits of size, time and rate. An idle
/// reader holds no buffer.
///
/// Threading: one worker.
/// Lifetime:  stream and limits outlive it; the limits may change meanwhile.
/// Failure:   side Client: what HeadScanner refuses, and HeadTimeout.
class RequestReader {
public:
    RequestReader(net::Stream& stream, const config::Limits& limits);

    /// Reads until a head is complete. False when the client has left, was idle too long, or `stop` was called while
    /// nothing had come.
    [[nodiscard]] net::Task<Result<bool>> read_head();

    /// The head that read_head found, and what has arrived behind it. Valid until keep_leftover.
    [[nodiscard]] std::string_view head() const { return {buffer_.data(), head_bytes_}; }
    [[nodiscard]] std::span<char> rest() const { return buffer_.from(head_bytes_).first(used_ - head_bytes_); }
    [[nodiscard]] TimePoint first_byte() const { return first_byte_; }

    /// The request is over; `leftover` is the beginning of the next one.
    void keep_leftover(std::string_view leftover);

    /// Waits for nothing any more: an idle wait ends now, the next one at once.
    void stop();

    /// Reads and drops what the client still sends, for a short while: closing with unread input would reset the connection
    /// and could take the last response with it.
    [[nodiscard]] net::Task<void> linger();

private:
    [[nodiscard]] net::Task<bool> wait_for_input();
    [[nodiscard]] net::Task<Result<bool>> read_more(Duration& waited);

    net::Stream& stream_;
    const config::Limits& limits_;
    http::HeadScanner scanner_;
    net::Buffer buffer_;
    std::size_t used_ = 0;
    std::size_t head_bytes_ = 0;
    TimePoint first_byte_;
    bool idle_ = false;
    bool stopped_ = false;
};

[[nodiscard]] http::HeadLimits head_limits(const config::Limits& limits);

}  // namespace sluice::proxy
