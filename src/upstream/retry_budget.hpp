#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "base/clock.hpp"

namespace sluice::upstream {

/// Keeps retries to a share of the requests, so that a cluster which fails as a whole is not asked several times as
/// often just then. A retry is allowed
///
/// 1. while the retries of the last ten seconds are fewer than `percent` of their requests, or
/// 2. while those of the current second are fewer than `per_second`.
///
/// The second rule is for gateways with little to do, for which a share is nothing. It looks at one second alone: ten
/// seconds' worth, saved up while idle, would be a storm of its own at the first failure. In any ten seconds there are
/// at most `percent` of the requests and ten times `per_second` of retries.
///
/// Threading: one per worker and cluster; no atomics.
class RetryBudget {
public:
    RetryBudget(std::uint32_t percent, std::uint32_t per_second) : percent_(percent), per_second_(per_second) {}

    /// Other shares from now on, of what was counted already too.
    void use(std::uint32_t percent, std::uint32_t per_second) {
        percent_ = percent;
        per_second_ = per_second;
    }

    /// A request of a client; its retries are not counted here.
    void count_request(TimePoint now) { ++second_of(now).requests; }

    /// True when one more retry is allowed, which is then counted.
    [[nodiscard]] bool take_retry(TimePoint now);

private:
    static constexpr std::int64_t length = 10;

    struct Second {
        std::int64_t number = std::numeric_limits<std::int64_t>::min();
        std::uint64_t requests = 0;
        std::uint64_t retries = 0;
    };

    /// The counts of this second, begun anew when they are of an earlier one.
    [[nodiscard]] Second& second_of(TimePoint now);
    [[nodiscard]] bool is_within_share(std::int64_t now) const;

    std::uint32_t percent_;
    std::uint32_t per_second_;
    std::array<Second, length> seconds_;
};

}  // namespace sluice::upstream
