#pragma once

namespace sluice::platform {

/// Who is told by a Reactor of what it has asked for: from the event loop, never from inside a call to the reactor.
class ReactorUser {
public:
    /// The time of `wake_at` has come.
    virtual void on_wake() = 0;
    /// The events that were ready when `end_turn_soon` was called have been told.
    virtual void on_turn_end() = 0;

protected:
    ~ReactorUser() = default;
};

}  // namespace sluice::platform
