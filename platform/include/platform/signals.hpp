#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

/// What the operator or the system can ask of a running process.
struct SignalHandlers {
    /// End: `count` is 1 for the first request, 2 for the second and so on; the name is for people
    /// ("SIGTERM", "Ctrl-C").
    std::function<void(int count, std::string_view name)> stop_requested;
    /// Read the configuration again. Never called on Windows, where the service manager asks for
    /// it.
    std::function<void(std::string_view name)> reload_requested;
    /// Let another binary take over. Never called on Windows.
    std::function<void(std::string_view name)> upgrade_requested;
    /// Open the log files again: they were moved. Never called on Windows, where the service manager asks for it.
    std::function<void(std::string_view name)> reopen_requested;
};

/// Receives requests to stop, reload and upgrade from the system: SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, or the console's
/// events on Windows. SIGPIPE is ignored from then on.
///
/// Threading: callbacks run one at a time on a thread that does nothing else, never inside a signal
///            handler.
/// Lifetime:  one per process at a time. The destructor restores what was set before and returns
///            when no callback runs; it must not be called by a callback.
/// Failure:   start fails when the system refuses, or another source is active.
class SignalSource {
public:
    SignalSource();
    SignalSource(const SignalSource&) = delete;
    SignalSource& operator=(const SignalSource&) = delete;
    ~SignalSource();

    [[nodiscard]] Result<void> start(SignalHandlers handlers);

    /// Says that the process has stopped its work. Windows ends a process as soon as the handler of
    /// a closing console, logoff or shutdown returns, so that handler waits for this (the system
    /// grants about 5 s).
    void finished();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::platform
