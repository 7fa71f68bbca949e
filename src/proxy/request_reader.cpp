#include "proxy/request_reader.hpp"

#include <cstring>

#include "net/worker.hpp"
#include "proxy/body_reader.hpp"

namespace sluice::proxy {
namespace {

constexpr Duration linger_time = std::chrono::seconds{2};
constexpr std::size_t linger_bytes = std::size_t{1024} * 1024;

}  // namespace

http::HeadLimits head_limits(const config::Limits& limits) {
    return {limits.headers, limits.header_bytes, limits.request_line_bytes};
}

RequestReader::RequestReader(net::Stream& stream, const config::Limits& limits)
    : stream_(stream), limits_(limits), scanner_(head_limits(limits)) {}

RequestReader::Input RequestReader::take_input() {
    buffer_ = stream_.worker().buffers().take();
    const Result<std::optional<std::size_t>> got = stream_.try_read(buffer_.from(0));
    if (got && !got->has_value()) return Input::Nothing;
    used_ = got ? **got : 0;
    return used_ == 0 ? Input::End : Input::Bytes;
}

/// Adds to an incomplete head; false when the client leaves in the middle of it.
net::Task<Result<bool>> RequestReader::read_more(Duration& waited) {
    net::Worker& worker = stream_.worker();
    if (used_ == buffer_.size()) {
        // The scanner has refused a head beyond its limits; one within them gets a larger block.
        net::Buffer larger = worker.buffers().take(buffer_.size() * 2);
        if (larger.size() <= used_) {
            co_return fail(client_error(ErrorCode::HeadersTooLarge,
                                        "the request head is larger than the gateway can hold"));
        }
        std::memcpy(larger.data(), buffer_.data(), used_);
        buffer_ = std::move(larger);
    }
    const ReadPace pace{limits_.head_timeout - waited, limits_.min_rate, limits_.min_rate_grace};
    const TimePoint before = worker.now();
    stream_.set_read_deadline(pace_deadline(pace, used_, waited, before));
    const Result<std::size_t> got = co_await stream_.read(buffer_.from(used_));
    waited += worker.now() - before;
    if (!got && got.error().code == ErrorCode::TimedOut) {
        co_return fail(client_error(ErrorCode::HeadTimeout,
                                    "the request head did not arrive in time"));
    }
    if (!got || *got == 0) co_return false;
    used_ += *got;
    co_return true;
}

Result<bool> RequestReader::find_head() {
    // Limits may have changed by a reload.
    scanner_ = http::HeadScanner(head_limits(limits_));
    head_bytes_ = 0;
    first_byte_ = stream_.worker().now();
    return scan();
}

Result<bool> RequestReader::scan() {
    Result<std::optional<std::size_t>> end = scanner_.find_end({buffer_.data(), used_});
    if (!end) return fail(std::move(end.error()));
    head_bytes_ = end->value_or(0);
    return end->has_value();
}

Result<void> RequestReader::parse_head(http::RequestHead& out) {
    Result<void> parsed = http::parse_request_head(head(), head_limits(limits_), out);
    if (!parsed) return fail(scanner_.flaw_of(head(), std::move(parsed.error())));
    return parsed;
}

net::Task<Result<bool>> RequestReader::read_head() {
    Duration waited{};
    for (;;) {
        Result<bool> more = co_await read_more(waited);
        if (!more || !*more) co_return more;
        Result<bool> found = scan();
        if (!found || *found) co_return found;
    }
}

void RequestReader::keep_leftover(std::string_view leftover) {
    if (leftover.size() > buffer_.size()) {
        net::Buffer larger = stream_.worker().buffers().take(leftover.size());
        std::memcpy(larger.data(), leftover.data(), leftover.size());
        buffer_ = std::move(larger);
    } else if (!leftover.empty()) {
        std::memmove(buffer_.data(), leftover.data(), leftover.size());
    }
    used_ = leftover.size();
    head_bytes_ = 0;
}

net::Task<void> RequestReader::linger() {
    net::Worker& worker = stream_.worker();
    stream_.shutdown_send();
    if (!buffer_) buffer_ = worker.buffers().take();
    const TimePoint end = worker.now() + linger_time;
    std::size_t dropped = 0;
    while (dropped < linger_bytes && worker.now() < end) {
        stream_.set_read_deadline(end);
        const Result<std::size_t> got = co_await stream_.read(buffer_.from(0));
        if (!got || *got == 0) break;
        dropped += *got;
    }
}

}  // namespace sluice::proxy
