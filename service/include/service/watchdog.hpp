#pragma once

#include <functional>
#include <memory>

namespace sluice::service {

/// Tells the service manager again and again that the process still works, as long as it does: systemd's WATCHDOG=1 of
/// sd_notify(3), twice in the time that WATCHDOG_USEC allows. Where nobody asks for it, as on Windows and macOS, it does
/// nothing.
///
/// Threading: made, started and destroyed by the main thread.
class Watchdog {
public:
    /// Asks everything that has to work, without waiting, and calls `works` when all has answered; never, when something does
    /// not. Called on a thread of the watchdog; `works` may be called on any, also when the watchdog is gone.
    using Question = std::function<void(std::function<void()> works)>;

    Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    /// Returns when the question is not being asked.
    ~Watchdog();

    /// From here on the manager hears of it, once at once.
    void start(Question question);
    /// The manager waits for another process from now on, or for none.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::service
