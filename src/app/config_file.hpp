#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "config/sources.hpp"
#include "routing/route_table.hpp"

namespace sluice::app {

/// A configuration as it was read from a file and the files that it includes.
struct ConfigFile {
    config::Config config;
    /// Compiled from the routes of `config` when conflicts were looked for; nullopt when nobody has. It goes where the configuration is
    /// moved to, and not with a copy: it points to the routes.
    std::optional<routing::RouteTable> routes;
    /// Every file that was read, those of secrets too: what a watch looks at.
    std::vector<std::string> files;
    /// Risky settings, a line each ("file:line:column: warning: pointer: message; help").
    std::vector<std::string> warnings;
};

/// Reads and checks a configuration file; prints nothing.
///
/// Threading: any thread.
/// Failure:   every problem, a line each ("file:line:column: pointer: message; help"), conflicts between routes
///            included.
[[nodiscard]] std::expected<ConfigFile, std::vector<std::string>> read_config_file(const std::string& file);

/// The same out of other sources.
[[nodiscard]] std::expected<ConfigFile, std::vector<std::string>> read_config_file(const std::string& file,
                                                                                   config::Sources& sources);

}  // namespace sluice::app
