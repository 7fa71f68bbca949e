#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "config/cluster.hpp"

namespace sluice::upstream {

/// How long a request waits before its retry; retries count from 1. The first is made at once, since a single endpoint
/// that fails is the usual case and another one answers. From the second on the configured wait doubles up to its
/// limit, and between half of it and the whole is waited, so that requests that failed together do not come again
/// together.
[[nodiscard]] Duration backoff(const config::Retry& config, std::uint32_t retry_number, Random& random);

}  // namespace sluice::upstream
