#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// Reads a configuration from a text alone: nothing can be included and no variable is set. `file` is the name that
/// stands in the problems.
///
/// Failure: as `load` in load.hpp.
[[nodiscard]] std::expected<Config, std::vector<Problem>> parse(std::string_view text,
                                                                std::string_view file);

}  // namespace sluice::config
