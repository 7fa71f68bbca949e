#include "platform/reactor.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <utility>

namespace sluice::platform {
namespace {

constexpr int most_per_poll = 256;

}  // namespace

struct Reactor::TimerWait {
    using allocator_type = OperationAllocator<void>;
    Reactor* reactor;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(reactor->timer_memory_); }
    void operator()(std::error_code error) { reactor->on_timer(error); }
};

// Only the loop's thread touches sockets and the timer; others may post.
Reactor::Reactor(ReactorUser& user) : user_(user), context_(ASIO_CONCURRENCY_HINT_UNSAFE_IO), timer_(context_) {}

void Reactor::run() {
    const auto work = asio::make_work_guard(context_);
    context_.run();
}

bool Reactor::poll_for(Duration most) {
    context_.restart();
    // Bounded: what is called may ask for more each time.
    int told = 0;
    while (told < most_per_poll && context_.poll_one() != 0) ++told;
    return told != 0 || context_.run_one_for(most) != 0;
}

void Reactor::leave() {
    wake_ = TimePoint::max();
    timer_.cancel();
}

void Reactor::post(std::function<void()> work) { asio::post(context_, std::move(work)); }

void Reactor::wake_at(TimePoint when) {
    if (when >= wake_) return;
    wake_ = when;
    // Ends the wait for a later time.
    timer_.expires_at(when);
    timer_.async_wait(TimerWait{this});
}

void Reactor::on_timer(std::error_code error) {
    // One that another time has taken the place of may have been on its way already.
    if (error || Clock::now() < wake_) return;
    wake_ = TimePoint::max();
    user_.on_wake();
}

void Reactor::end_turn_soon() {
    if (std::exchange(is_turn_ending_, true)) return;
    asio::post(context_, [this] {
        is_turn_ending_ = false;
        user_.on_turn_end();
    });
}

}  // namespace sluice::platform
