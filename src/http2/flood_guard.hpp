#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace sluice::http2 {

/// Tells a client that costs more than it is worth: frames that are cheap to send and lead to nothing (resets, pings, settings, empty data,
/// window updates) spend points; requests and data, and time, earn them. Rapid reset is CVE-2023-44487, the others CVE-2019-9511 to 9518.
///
/// Threading: one worker.
class FloodGuard {
public:
    explicit FloodGuard(TimePoint now) : last_(now) {}

    /// False when the client has nothing left to spend: the connection has to end.
    [[nodiscard]] bool spend(std::int64_t points, TimePoint now) {
        // Only the time that has earned a point is over: frames that come soon after each other would keep it from earning any.
        const std::int64_t earned = (now - last_) / point_time;
        if (earned > 0) {
            earn(earned);
            last_ += earned * point_time;
        }
        points_ -= points;
        return points_ >= 0;
    }
    void earn(std::int64_t points) { points_ = std::min(points_ + points, most_points); }

    /// What a client may spend at once: a browser that gives up on a page resets a hundred streams.
    static constexpr std::int64_t most_points = 1000;
    static constexpr std::int64_t points_per_second = 50;

private:
    static constexpr Duration point_time = std::chrono::milliseconds{1000 / points_per_second};

    std::int64_t points_ = most_points;
    TimePoint last_;
};

}  // namespace sluice::http2
