#include "net/worker.hpp"

#include "base/memory_pool.hpp"
#include "net/async.hpp"
#include "net/stream_core.hpp"
#include "net/task.hpp"
#include "net/turn_end.hpp"
#include "platform/process_facts.hpp"

namespace sluice::net {

struct Worker::Timer {
    explicit Timer(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    OperationMemory memory;
    TimePoint armed_for = TimePoint::max();
    bool is_advancing = false;
};

namespace {

constexpr int most_waits_for_answers = 100;

/// Keeps a completion handler's operation in the timer's own memory.
template <typename Callback>
struct TimerHandler {
    using allocator_type = OperationAllocator<void>;
    Callback callback;
    OperationMemory* memory;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory); }
    void operator()(std::error_code error) { callback(error); }
};

}  // namespace

Worker::Worker(std::uint32_t index, std::uint64_t seed)
    : index_(index),
      now_(Clock::now()),
      // Only the worker's thread touches its sockets and timers; others may post.
      context_(std::make_unique<asio::io_context>(ASIO_CONCURRENCY_HINT_UNSAFE_IO)),
      stream_poller_(std::make_unique<platform::StreamPoller>(*context_)),
      timers_(now_),
      random_(seed),
      timer_(std::make_unique<Timer>(*context_)) {
    timers_.set_on_earlier([](void* self) { static_cast<Worker*>(self)->arm_timer(); }, this);
}

Worker::~Worker() { release_streams(); }

void Worker::release_streams() {
    // Closed streams and the timer keep the memory of their pending operations until the system has answered; with
    // completion ports that may take a moment.
    timer_->timer.cancel();
    stream_poller_->stop();
    context_->restart();
    context_->poll();
    for (int waits = 0; lent_streams_ != 0 && waits < most_waits_for_answers; ++waits) {
        context_->run_one_for(std::chrono::milliseconds{10});
    }
    while (free_streams_ != nullptr) {
        StreamCore* const core = free_streams_;
        free_streams_ = core->next_free();
        delete core;
    }
}

void Worker::start(std::function<void()> setup) {
    thread_ = std::thread([this, setup = std::move(setup)] { run(setup); });
}

void Worker::run(const std::function<void()>& setup) {
    platform::set_thread_name("worker-" + std::to_string(index_));
    const MemoryPool memory;
    const auto work = asio::make_work_guard(*context_);
    try {
        setup();
        context_->run();
        release_streams();
    } catch (...) {
        stop_on_exception();
    }
}

void Worker::stop() { context_->stop(); }

void Worker::join() {
    if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> work) {
    asio::post(*context_, [this, work = std::move(work)] {
        update_now();
        work();
    });
}

void Worker::end_turn_soon() {
    if (std::exchange(turn_ends_, true)) return;
    asio::post(*context_, [this] {
        update_now();
        end_turn();
    });
}

/// What is asked for meanwhile may have to wait for the next, which has been asked for with it.
void Worker::end_turn() {
    turn_ends_ = false;
    for (std::size_t left = asked_turn_ends_; left != 0 && first_turn_end_ != nullptr; --left) {
        TurnEnd& one = *first_turn_end_;
        one.cancel();
        one.call_(one.self_);
    }
}

void Worker::arm_timer() {
    if (timer_->is_advancing) return;
    const std::optional<TimePoint> wake = timers_.next_wake();
    if (!wake || *wake >= timer_->armed_for) return;
    timer_->armed_for = *wake;
    timer_->timer.expires_at(*wake);
    auto on_wake = [this, when = *wake](std::error_code error) {
        // An earlier wake-up took this one's place.
        if (error || when != timer_->armed_for) return;
        timer_->armed_for = TimePoint::max();
        update_now();
        timer_->is_advancing = true;
        timers_.advance(now_);
        timer_->is_advancing = false;
        arm_timer();
    };
    timer_->timer.async_wait(TimerHandler<decltype(on_wake)>{std::move(on_wake), &timer_->memory});
}

}  // namespace sluice::net
