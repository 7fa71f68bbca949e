#pragma once

#include <optional>
#include <string>

#include "app/exit_code.hpp"

namespace sluice::app {

/// `sluice run`: serves until it is told to stop. Without a file: the embedded configuration.
[[nodiscard]] ExitCode command_run(const std::optional<std::string>& file);

/// `sluice check FILE`: prints every error, or else every warning, with its position. With `is_strict` a warning is an
/// error.
[[nodiscard]] ExitCode command_check(const std::string& file, bool is_strict);

/// `sluice routes FILE`: the routes in the order in which they are preferred.
[[nodiscard]] ExitCode command_routes(const std::string& file);

/// `sluice version`: version, poller, compiler and libraries.
[[nodiscard]] ExitCode command_version();

/// `sluice config schema` and `sluice config docs`.
[[nodiscard]] ExitCode command_config_schema();
[[nodiscard]] ExitCode command_config_docs();

}  // namespace sluice::app
