#include "net/worker.hpp"

#include "base/memory_pool.hpp"
#include "net/stream_core.hpp"
#include "net/task.hpp"
#include "net/turn_end.hpp"
#include "platform/process_facts.hpp"
#include "platform/reactor.hpp"

namespace sluice::net {

namespace {

constexpr int most_last_turns = 100;
constexpr std::chrono::milliseconds wait_for_answer{10};

}  // namespace

struct Worker::Events final : platform::ReactorUser {
    explicit Events(Worker& the_worker) : worker(the_worker) {}
    void on_wake() override { worker.advance_timers(); }
    void on_turn_end() override { worker.end_turn(); }
    Worker& worker;
};

Worker::Worker(std::uint32_t index, std::uint64_t seed)
    : index_(index),
      now_(Clock::now()),
      events_(std::make_unique<Events>(*this)),
      reactor_(std::make_unique<platform::Reactor>(*events_)),
      timers_(now_),
      random_(seed) {
    timers_.set_on_earlier([](void* self) { static_cast<Worker*>(self)->wake_for_timers(); }, this);
}

Worker::~Worker() { release_streams(); }

void Worker::release_streams() {
    reactor_->leave();
    // Closed streams keep the memory of their pending operations until the system has answered; with completion ports that may take a moment.
    for (int turns = 0; turns < most_last_turns; ++turns) {
        const bool is_waiting = platform::StreamSocket::ends_late && lent_streams_ != 0;
        if (!reactor_->poll_for(is_waiting ? wait_for_answer : Duration{}) && !is_waiting) break;
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
    try {
        setup();
        reactor_->run();
        release_streams();
    } catch (...) {
        stop_on_exception();
    }
}

void Worker::stop() { reactor_->stop(); }

void Worker::join() {
    if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> work) {
    reactor_->post([this, work = std::move(work)] {
        update_now();
        work();
    });
}

/// What is asked for meanwhile may have to wait for the next end, which has been asked for with it.
void Worker::end_turn() {
    update_now();
    for (std::size_t left = asked_turn_ends_; left != 0 && first_turn_end_ != nullptr; --left) {
        TurnEnd& one = *first_turn_end_;
        one.cancel();
        one.call_(one.self_);
    }
}

void Worker::wake_for_timers() {
    if (is_advancing_timers_) return;
    if (const std::optional<TimePoint> wake = timers_.next_wake()) reactor_->wake_at(*wake);
}

void Worker::advance_timers() {
    update_now();
    is_advancing_timers_ = true;
    timers_.advance(now_);
    is_advancing_timers_ = false;
    wake_for_timers();
}

}  // namespace sluice::net
