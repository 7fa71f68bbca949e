#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// Reads a configuration file: JSON with comments, described key by key in docs/configuration.md.
/// `file` is the name that stands in the problems.
///
/// Failure: every problem at once, in the order of the file, each with its position; never an empty
///          list. After a syntax error nothing else is looked at. Routes that conflict are found by
///          routing, which knows what a pattern matches.
[[nodiscard]] std::expected<Config, std::vector<Problem>> parse(std::string_view text,
                                                                std::string_view file);

}  // namespace sluice::config
