#pragma once

#include "net/task.hpp"
#include "net/timer_wheel.hpp"

namespace sluice::net {

/// Lets a coroutine wait for a time: `co_await pause.until(when)`. Can be ended before.
///
/// Threading: one worker; one waiter at a time.
/// Lifetime:  outlives the wait.
class Pause {
public:
    explicit Pause(TimerWheel& timers)
        : deadline_(timers, [](void* self) { static_cast<Pause*>(self)->end(); }, this) {}

    // A value, not the event itself: GCC 12 copies what a call returns by reference into a co_await.
    struct Awaiter {
        Event& event;
        bool await_ready() const noexcept { return event.await_ready(); }
        void await_suspend(std::coroutine_handle<> waiter) const noexcept { event.await_suspend(waiter); }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] Awaiter until(TimePoint when) {
        event_.clear();
        is_waiting_ = true;
        deadline_.set(when);
        return {event_};
    }
    /// The wait that goes on, if there is one, ends at another time.
    void move(TimePoint when) {
        if (is_waiting_) deadline_.set(when);
    }
    [[nodiscard]] bool is_waiting() const { return is_waiting_; }
    /// Resumes the waiter now; false when nobody waits.
    bool end() {
        if (!is_waiting_) return false;
        is_waiting_ = false;
        deadline_.clear();
        event_.set();
        return true;
    }

private:
    Deadline deadline_;
    Event event_;
    bool is_waiting_ = false;
};

}  // namespace sluice::net
