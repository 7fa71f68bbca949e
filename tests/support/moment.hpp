#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace sluice::test {

/// A moment of a clock that only the test moves, so long after its start.
[[nodiscard]] inline TimePoint at(Duration since_start) { return TimePoint{} + std::chrono::hours{1} + since_start; }

}  // namespace sluice::test
