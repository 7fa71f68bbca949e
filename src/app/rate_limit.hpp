#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace sluice::app {

/// Lets so many things happen in a second on average, and a burst at once.
///
/// Threading: one thread, or a caller's lock.
class RateLimit {
public:
    RateLimit(double per_second, double burst) : per_second_(per_second), burst_(burst), left_(burst) {}

    /// How long to wait until the next may happen; zero when it may now. Takes nothing.
    [[nodiscard]] Duration wait(TimePoint now) const {
        const double left = left_at(now);
        if (left >= 1.0) return Duration::zero();
        return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>((1.0 - left) / per_second_));
    }
    /// One has happened.
    void take(TimePoint now) {
        left_ = std::max(left_at(now) - 1.0, 0.0);
        last_ = std::max(last_, now);
    }
    /// As if nothing had ever happened.
    [[nodiscard]] bool is_full(TimePoint now) const { return left_at(now) >= burst_; }

private:
    [[nodiscard]] double left_at(TimePoint now) const {
        const std::chrono::duration<double> passed = std::max(now - last_, Duration::zero());
        return std::min(burst_, left_ + passed.count() * per_second_);
    }

    double per_second_;
    double burst_;
    double left_;
    TimePoint last_{};
};

}  // namespace sluice::app
