#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace sluice::http2 {

/// Points of FloodGuard: what frames cost, and what is worth how many.
namespace price {

inline constexpr std::int64_t reset = 5;
inline constexpr std::int64_t refusal = 20;
inline constexpr std::int64_t frame = 1;
/// A message of the peer.
inline constexpr std::int64_t request = 1;
inline constexpr std::int64_t response = 4;
/// A piece of ours that has gone out whole.
inline constexpr std::int64_t piece = 4;
inline constexpr std::int64_t bytes_of_point = 1024;
/// A frame of data that is worth its head is worth the window updates that may follow it, one for the stream and one for the connection.
/// Smaller ones may be what the peer's windows are kept tiny for (CVE-2019-9511).
inline constexpr std::size_t least_fair_frame = 512;
inline constexpr std::int64_t fair_frame = 2;

}  // namespace price

/// Tells a peer that costs more than it is worth: frames that are cheap to send and lead to nothing (resets, pings, settings, empty data,
/// window updates) spend points; messages and data, and time, earn them. Rapid reset is CVE-2023-44487, the others CVE-2019-9511 to 9518.
///
/// Threading: one worker.
class FloodGuard {
public:
    explicit FloodGuard(TimePoint now) : last_(now) {}

    /// False when the peer has nothing left to spend: the connection has to end.
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
    /// For data that has come.
    void earn_received(std::size_t bytes) { earn(static_cast<std::int64_t>(bytes) / price::bytes_of_point); }
    /// For a frame with so much data of ours.
    void earn_sent(std::size_t bytes) { earn(static_cast<std::int64_t>(bytes) / price::bytes_of_point + (bytes >= price::least_fair_frame ? price::fair_frame : 0)); }

    /// What may be spent at once: a browser that gives up on a page resets a hundred streams.
    static constexpr std::int64_t most_points = 1000;
    static constexpr std::int64_t points_per_second = 50;

private:
    static constexpr Duration point_time = std::chrono::milliseconds{1000 / points_per_second};

    std::int64_t points_ = most_points;
    TimePoint last_;
};

}  // namespace sluice::http2
