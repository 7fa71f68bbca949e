#include "upstream/retry_budget.hpp"

#include <chrono>
#include <cstddef>

namespace sluice::upstream {

RetryBudget::Second& RetryBudget::second_of(TimePoint now) {
    const std::int64_t number = now.time_since_epoch() / std::chrono::seconds(1);
    Second& second = seconds_[static_cast<std::size_t>(static_cast<std::uint64_t>(number) % length)];
    if (second.number != number) second = {.number = number, .requests = 0, .retries = 0};
    return second;
}

bool RetryBudget::take_retry(TimePoint now) {
    Second& second = second_of(now);
    if (second.retries >= per_second_ && !is_within_share(second.number)) return false;
    ++second.retries;
    return true;
}

bool RetryBudget::is_within_share(std::int64_t now) const {
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
    for (const Second& second : seconds_) {
        if (second.number <= now - length) continue;
        requests += second.requests;
        retries += second.retries;
    }
    return retries * 100 < requests * percent_;
}

}  // namespace sluice::upstream
