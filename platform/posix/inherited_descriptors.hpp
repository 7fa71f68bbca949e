#pragma once

#include <spawn.h>

namespace sluice::platform {

// The descriptors by which a successor finds its predecessor, beside the three standard ones. Its environment names them too, so
// that a process that has other things there does not take them for these.

inline constexpr int inherited_channel = 3;
inline constexpr int inherited_standard_error = 4;
inline constexpr int first_not_inherited = 5;

inline constexpr const char* successor_variable = "SLUICE_SUCCESSOR";
inline constexpr const char* successor_value = "3:4";

/// Makes a process to be started inherit none of our descriptors but those that the actions name.
[[nodiscard]] bool inherit_nothing_else(posix_spawnattr_t& attributes, posix_spawn_file_actions_t& actions);

}  // namespace sluice::platform
