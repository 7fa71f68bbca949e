#pragma once

#include "app/exit_code.hpp"

namespace sluice::app {

/// Reads the command line, runs the command, and yields the process's exit code.
[[nodiscard]] ExitCode run_cli(int argc, char** argv);

}  // namespace sluice::app
