#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "platform/signals.hpp"

namespace sluice::service {

/// Tells the service manager what the process is about, and hears what the manager asks. On a console it does nothing.
///
/// systemd: sd_notify(3)'s datagrams. Windows: SetServiceStatus and the control handler. launchd asks for no word; its
/// requests are signals (platform/signals.hpp).
///
/// Threading: any thread; the handlers are called as those of platform::SignalSource are.
/// Lifetime:  one per process at a time. The destructor returns when no handler runs.
class Lifecycle {
public:
    Lifecycle() = default;
    Lifecycle(const Lifecycle&) = delete;
    Lifecycle& operator=(const Lifecycle&) = delete;
    ~Lifecycle();

    /// From here on the manager's requests reach the handlers.
    void listen(platform::SignalHandlers handlers);

    /// The start goes on: each call is progress, which keeps the manager's patience.
    [[nodiscard]] Result<void> starting(std::string_view step);
    /// Every listener accepts.
    [[nodiscard]] Result<void> ready(std::string_view status);
    [[nodiscard]] Result<void> reloading();
    /// A reload has ended, well or not; the status says which.
    [[nodiscard]] Result<void> reloaded(std::string_view status);
    /// The service is that process from here on, whose `ready` comes next. What this one still does, and its end, are not the
    /// service's. Failure: the manager can't be told, or knows better; the service is this process as before.
    [[nodiscard]] Result<void> succeeded_by(std::uint64_t pid);
    /// The end has begun and takes no longer than this.
    [[nodiscard]] Result<void> stopping(std::chrono::milliseconds at_most);
    /// The process is about to end with this code; `reason` is for people, empty when all is well.
    [[nodiscard]] Result<void> ended(int exit_code, std::string_view reason);
};

}  // namespace sluice::service
