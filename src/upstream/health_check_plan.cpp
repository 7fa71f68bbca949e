#include "upstream/health_check_plan.hpp"

namespace sluice::upstream {

Duration next_check(const config::HealthCheck& config, Random& random) {
    const Duration interval = config.interval;
    const Duration reach = interval / 100 * config.jitter_percent;
    constexpr std::uint32_t steps = 1024;
    return interval - reach + reach / steps * random.below(2 * steps + 1);
}

bool is_expected(const config::HealthCheck& config, std::uint16_t status, std::string_view body_prefix) {
    if (!config::contains(config.statuses, status)) return false;
    return body_prefix.substr(0, health_body_bytes).find(config.body) != std::string_view::npos;
}

}  // namespace sluice::upstream
