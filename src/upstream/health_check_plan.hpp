#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "config/cluster.hpp"

namespace sluice::upstream {

/// A check reads no more of a body.
inline constexpr std::size_t health_body_bytes = 64 * 1024;

/// How long after the begin of a check the next one begins: the interval, moved to either side by up to the configured
/// share at random, so that checks of many endpoints and gateways drift apart.
///
/// The first check of an endpoint is made at once, not at a random time of the first interval: until it is made the
/// endpoint counts as healthy, and requests would find out in its stead.
[[nodiscard]] Duration next_check(const config::HealthCheck& config, Random& random);

/// Whether an endpoint that answers so is well. `body_prefix` is what has come of the body, of which health_body_bytes
/// are looked at; it may be empty where `needs_body` is false.
[[nodiscard]] bool is_expected(const config::HealthCheck& config, std::uint16_t status, std::string_view body_prefix);

/// Whether the body must be read to tell.
[[nodiscard]] inline bool needs_body(const config::HealthCheck& config) { return !config.body.empty(); }

}  // namespace sluice::upstream
