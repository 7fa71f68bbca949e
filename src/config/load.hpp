#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "config/problem.hpp"
#include "config/sources.hpp"
#include "config/validate.hpp"

namespace sluice::config {

struct Loaded {
    Config config;
    /// Every file that was read, those of secrets too.
    std::vector<std::string> files;
    /// Risky settings, in the order of the files.
    std::vector<Problem> warnings;
};

/// Looks at what the configuration layer can't judge, such as certificates; adds what is wrong, and what is risky.
using Inspect = std::function<void(const Config& config, std::vector<Finding>& findings, std::vector<Finding>& warnings)>;

/// Reads a configuration file, the files that it includes, the environment variables to which it refers and the secrets
/// that stand in files of their own. What the keys mean is in docs/configuration.md.
///
/// Failure: every problem at once, in the order of the files, each with its position; never an empty list. After a
///          syntax error nothing else is looked at. Routes that conflict are found by routing, which knows what a
///          pattern matches.
[[nodiscard]] std::expected<Loaded, std::vector<Problem>> load(const std::string& file, Sources& sources,
                                                                const Inspect& inspect = {});

}  // namespace sluice::config
