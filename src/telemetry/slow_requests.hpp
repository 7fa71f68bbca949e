#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "telemetry/access_log.hpp"

namespace sluice::telemetry {

/// A text of which the first `Capacity` bytes are kept.
template <std::size_t Capacity>
class CutText {
public:
    CutText& operator=(std::string_view text) {
        size_ = static_cast<std::uint16_t>(std::min(text.size(), Capacity));
        std::copy_n(text.begin(), size_, bytes_.begin());
        return *this;
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

private:
    std::uint16_t size_ = 0;
    std::array<char, Capacity> bytes_;
};

/// A duration of a stage in microseconds, up to 71 minutes; none for a stage that was not reached.
class StageMicros {
public:
    StageMicros& operator=(const StageDurations::Micros& time) {
        if (!time) {
            value_ = not_reached;
            return *this;
        }
        value_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(time->count(), 0, not_reached - 1));
        return *this;
    }
    [[nodiscard]] std::optional<std::uint32_t> value() const { return value_ == not_reached ? std::nullopt : std::optional(value_); }

private:
    static constexpr std::uint32_t not_reached = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t value_ = not_reached;
};

/// What is kept of a slow request: of fixed size, texts cut.
struct SlowRequest {
    explicit SlowRequest(const AccessRecord& record);

    std::int64_t time_milliseconds;
    std::uint16_t status;
    bool is_retried;
    StageMicros head, to_route, connect, response, body, total;
    CutText<16> method;
    CutText<46> client;
    CutText<128> host;
    CutText<256> path;
    CutText<64> route;
    CutText<64> cluster;
    CutText<64> endpoint;
    CutText<64> request_id;
};

/// The last slow requests of one worker. Memory is taken once, at the beginning; pages of it that are not used stay the
/// system's.
///
/// Threading: any thread. The mutex is taken by a request that was slow already, and by whoever looks.
class SlowRequests {
public:
    static constexpr std::size_t most = 256;

    SlowRequests() { ring_.reserve(most); }
    SlowRequests(const SlowRequests&) = delete;
    SlowRequests& operator=(const SlowRequests&) = delete;

    /// The oldest makes room.
    void add(const AccessRecord& record);

    /// In no order.
    void append_to(std::vector<SlowRequest>& list) const;

private:
    mutable std::mutex mutex_;
    std::vector<SlowRequest> ring_;
    std::size_t oldest_ = 0;
};

/// The document of /v1/slow: the newest first, `most` at most.
[[nodiscard]] std::string slow_document(std::vector<SlowRequest> list, std::size_t most);

}  // namespace sluice::telemetry
