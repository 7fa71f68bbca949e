#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace sluice::app {

/// Somebody wants another binary to take over.
struct UpgradeRequest {
    /// Who, for the log: a signal's name, "admin".
    std::string origin;
    /// Empty: the path by which this process was started, and what is there by now.
    std::string binary;
    /// How long the new process may take until it is ready.
    std::chrono::milliseconds limit{30'000};
};

/// What came of it.
struct UpgradeOutcome {
    /// Of the process that serves from now on; 0: nothing has changed, and `problem` says why.
    std::uint64_t pid = 0;
    std::string problem;
    /// What the new process has said on its standard error before it failed, at most 4 KiB.
    std::string last_words;
};

/// Asks for an upgrade, from any thread. `done` is called once, on another thread.
using RequestUpgrade = std::function<void(UpgradeRequest request, std::function<void(const UpgradeOutcome&)> done)>;

}  // namespace sluice::app
