#pragma once

#include <cstdint>

namespace sluice::platform {

// The parts of process facts that POSIX systems share.

[[nodiscard]] double cpu_seconds();

/// The soft limit of open descriptors; 0 for none.
[[nodiscard]] std::uint64_t descriptor_limit();

/// The most that the system takes as a soft limit, whatever the hard limit says.
[[nodiscard]] std::uint64_t most_descriptors();

}  // namespace sluice::platform
