#pragma once

#include <optional>
#include <string>

#include "app/config_file.hpp"

namespace sluice::app {

/// Reads and checks a configuration file for a command; prints every error to standard error and yields nullopt when
/// there is one. Warnings are left to the caller.
[[nodiscard]] std::optional<ConfigFile> load_config(const std::string& file);
/// The same out of other sources.
[[nodiscard]] std::optional<ConfigFile> load_config(const std::string& file, config::Sources& sources);

}  // namespace sluice::app
