#pragma once

#include <string>

namespace sluice::app {

/// Where the last configuration that was in force is kept of those that came from this file: in the state folder, under a
/// name of its own for each file. It holds secrets and is for its user alone.
[[nodiscard]] std::string last_good_file(const std::string& file);

}  // namespace sluice::app
