#include "upstream/backoff.hpp"

#include <algorithm>

namespace sluice::upstream {

Duration backoff(const config::Retry& config, std::uint32_t retry_number, Random& random) {
    if (retry_number <= 1) return Duration::zero();
    const Duration longest = config.max_backoff;
    Duration wait = std::min<Duration>(config.backoff, longest);
    for (std::uint32_t i = 2; i < retry_number && wait > Duration::zero() && wait < longest; ++i) {
        wait = std::min(wait * 2, longest);
    }
    constexpr std::uint32_t steps = 1024;
    return wait / 2 + wait * random.below(steps + 1) / (2 * steps);
}

}  // namespace sluice::upstream
