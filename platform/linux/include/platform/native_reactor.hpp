#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "platform/reactor_user.hpp"

struct epoll_event;

namespace sluice::platform {

class AcceptWatch;
class StreamSocket;

/// An epoll set (epoll(7)) and the loop around it; platform/reactor.hpp has the contract. A turn is one `epoll_wait`, then the events
/// it brought, then the wake-up that is due, then the sockets that asked to be called, posts of the loop's own, and the end of the turn.
class Reactor {
public:
    explicit Reactor(ReactorUser& user);
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    ~Reactor();

    void run();
    bool poll_for(Duration most);
    void stop();
    void post(std::function<void()> work);
    void leave();
    void wake_at(TimePoint when) { wake_ = std::min(wake_, when); }
    void end_turn_soon() { is_turn_ending_ = true; }

private:
    friend class AcceptWatch;
    friend class StreamSocket;

    [[nodiscard]] int set() const { return set_; }
    /// The places that stand for them in their events.
    std::uint32_t enlist(StreamSocket& socket);
    std::uint32_t enlist(AcceptWatch& watch);
    void delist(const AcceptWatch& watch);
    /// Calls the socket behind the events that are ready.
    void call_soon(StreamSocket& socket);
    /// It is about to be destroyed.
    void forget(StreamSocket& socket, std::uint32_t place);

    bool turn(int milliseconds);
    [[nodiscard]] int patience();
    void tell(const epoll_event& event);
    void wake();
    void call_waiting();
    void run_posts();
    void ring();

    ReactorUser& user_;
    int set_;
    /// An eventfd(2) by which other threads end a wait.
    int bell_;
    std::vector<StreamSocket*> sockets_;
    std::vector<AcceptWatch*> watches_;
    std::vector<StreamSocket*> soon_;
    std::vector<StreamSocket*> called_;
    TimePoint wake_ = TimePoint::max();
    bool is_wake_due_ = false;
    bool is_turn_ending_ = false;
    std::atomic<bool> is_stopping_{false};
    std::atomic<std::thread::id> thread_{};
    std::mutex posts_mutex_;
    std::vector<std::function<void()>> posts_;
    /// Its memory is the next batch's.
    std::vector<std::function<void()>> spare_posts_;
    /// The loop's thread has posted, and rung for nobody.
    bool has_own_posts_ = false;
};

}  // namespace sluice::platform
