#pragma once

#include <chrono>

namespace sluice {

/// The monotonic time that every deadline and duration uses. Pure folders never read it themselves:
/// the time is passed in, so that tests steer it.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

/// For a wait that something else than the time will end.
inline constexpr Duration no_limit = std::chrono::hours{24 * 365};

}  // namespace sluice
