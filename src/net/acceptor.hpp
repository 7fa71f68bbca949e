#pragma once

#include <memory>
#include <optional>

#include "net/listener.hpp"
#include "net/timer_wheel.hpp"
#include "platform/accept_watch.hpp"

namespace sluice::net {

/// One worker's own listening socket: accepts on the worker's reactor.
///
/// Threading: `start` and `stop` are posted to the worker; everything else happens there.
/// Lifetime:  of the listener, which stops it first, and of what it has posted.
class Acceptor {
public:
    Acceptor(Worker& worker, platform::OpenListener listener, const AcceptHandler& on_accept, const TroubleHandler& on_trouble);

    void start();
    /// Accepts everything that waits, however much it is: nobody will come for it later.
    void take_waiting();
    /// Stops accepting and yields the socket with what waits there, for another worker, or to be closed.
    [[nodiscard]] platform::OpenListener stop();

    [[nodiscard]] Worker& worker() { return worker_; }
    /// Any thread, between the making and `stop`.
    [[nodiscard]] platform::NativeSocket native_handle() const { return listener_.native_handle(); }

private:
    void accept_waiting();
    void watch();
    void try_later(const Error& why);

    Worker& worker_;
    platform::OpenListener listener_;
    const AcceptHandler& on_accept_;
    const TroubleHandler& on_trouble_;
    /// Gone once stopped: the last owner may be on another thread than the wheel.
    std::optional<Deadline> pause_;
    platform::AcceptWatch watch_;
    bool is_started_ = false;
    bool is_watched_ = false;
    /// Trouble that comes before is not told.
    TimePoint next_complaint_{};
    /// How many the next event takes at most.
    int burst_ = 1;
};

}  // namespace sluice::net
