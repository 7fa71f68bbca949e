#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace sluice::service {

/// Runs a command of the system, found by PATH, and waits for its end. It has our standard output and error, and nothing to
/// read; no shell comes between. posix_spawnp(3).
///
/// Failure:   it can't be started, or ends with another exit code than 0: the context has the command line and the code.
[[nodiscard]] Result<void> run_command(const std::vector<std::string>& argv);

/// The command as one would type it, words with spaces in quotes: for people.
[[nodiscard]] std::string command_line(const std::vector<std::string>& argv);

}  // namespace sluice::service
