#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>

#include "base/clock.hpp"
#include "platform/operation_memory.hpp"
#include "platform/reactor_user.hpp"

namespace sluice::platform {

/// Asio's own reactor, or completion port; platform/reactor.hpp has the contract.
class Reactor {
public:
    explicit Reactor(ReactorUser& user);
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    void run();
    bool poll_for(Duration most);
    void stop() { context_.stop(); }
    void leave();
    void post(std::function<void()> work);
    void wake_at(TimePoint when);
    void end_turn_soon();

private:
    friend class AcceptWatch;
    friend class StreamSocket;
    struct TimerWait;

    void on_timer(std::error_code error);

    ReactorUser& user_;
    OperationMemory timer_memory_;
    asio::io_context context_;
    asio::steady_timer timer_;
    TimePoint wake_ = TimePoint::max();
    bool is_turn_ending_ = false;
};

}  // namespace sluice::platform
