#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice::app {

/// Somebody wants the configuration to be read again.
struct ReloadRequest {
    /// Who, for the log: a signal's name, "admin", "file".
    std::string origin;
    /// Everything is done but the change itself.
    bool is_dry_run = false;
};

/// What came of it.
struct ReloadOutcome {
    /// False: nothing has changed, and `problems` says why.
    bool is_accepted = false;
    /// A line each, with file, line and column where the file is to blame.
    std::vector<std::string> problems;
    /// Risky settings, a line each.
    std::vector<std::string> warnings;
    /// What is, or would be, added, changed and removed, a line each.
    std::vector<std::string> changes;
    /// Counts the configurations since the start: 1 is the first. Of a dry run: that in force.
    std::uint64_t generation = 0;
};

/// Asks for a reload, from any thread; requests are served one after another. `done` is called once, on another thread.
using RequestReload = std::function<void(ReloadRequest request, std::function<void(const ReloadOutcome&)> done)>;

}  // namespace sluice::app
