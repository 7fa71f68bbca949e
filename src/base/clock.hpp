#pragma once

#include <chrono>

namespace sluice {

/// The monotonic time that every deadline and duration uses. Pure folders never read it themselves:
/// the time is passed in, so that tests steer it.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace sluice
