#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "net/buffer_pool.hpp"
#include "net/splice_pipes.hpp"
#include "net/timer_wheel.hpp"

namespace sluice::platform {
class Reactor;
}

namespace sluice::net {

class StreamCore;
class TurnEnd;

/// One thread with one reactor and the pools that belong to it. Everything that runs on a worker runs on its thread;
/// only `post` and `load` may be called from others.
///
/// Lifetime: everything made on a worker is destroyed on its thread before the worker is.
/// Failure:  an exception that escapes ends the process (net/task.hpp).
class Worker {
public:
    Worker(std::uint32_t index, std::uint64_t seed);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    /// Starts the thread: runs `setup` on it, then events until `stop`.
    void start(std::function<void()> setup);
    /// Ends the event loop, soon; what was posted before is done. Any thread.
    void stop();
    /// Waits for the thread to end.
    void join();

    /// Runs `work` on the worker's thread, soon. Any thread.
    void post(std::function<void()> work);

    /// Connections that the worker carries, as the hand-over of accepted sockets counts them. Any thread.
    [[nodiscard]] std::uint32_t load() const { return load_.load(std::memory_order_relaxed); }
    void add_load(std::int32_t change) {
        load_.fetch_add(static_cast<std::uint32_t>(change), std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint32_t index() const { return index_; }
    /// The time of the event that runs now; read once per event.
    [[nodiscard]] TimePoint now() const { return now_; }
    void update_now() { now_ = Clock::now(); }

    /// What its sockets wait with.
    [[nodiscard]] platform::Reactor& reactor() { return *reactor_; }
    /// Where records are collected within one call of a stream, and where small pieces become one record (16 KiB).
    [[nodiscard]] std::string& tls_output() { return tls_output_; }
    [[nodiscard]] char* tls_record() {
        if (!tls_record_) tls_record_ = std::make_unique<char[]>(16384);
        return tls_record_.get();
    }
    [[nodiscard]] BufferPool& buffers() { return buffers_; }
    [[nodiscard]] SplicePipes& splice_pipes() { return splice_pipes_; }
    [[nodiscard]] TimerWheel& timers() { return timers_; }
    [[nodiscard]] Random& random() { return random_; }

private:
    friend class StreamCore;
    friend class TurnEnd;
    struct Events;

    void run(const std::function<void()>& setup);
    void wake_for_timers();
    void advance_timers();
    void end_turn();
    void release_streams();

    std::uint32_t index_;
    std::atomic<std::uint32_t> load_{0};
    TimePoint now_;
    std::unique_ptr<Events> events_;
    std::unique_ptr<platform::Reactor> reactor_;
    BufferPool buffers_;
    SplicePipes splice_pipes_;
    TimerWheel timers_;
    Random random_;
    bool is_advancing_timers_ = false;
    std::thread thread_;
    std::string tls_output_;
    std::unique_ptr<char[]> tls_record_;
    /// Streams ready for reuse; a warm worker makes none.
    StreamCore* free_streams_ = nullptr;
    /// What is to be done behind the events that are ready, in the order in which it was asked for.
    TurnEnd* first_turn_end_ = nullptr;
    TurnEnd* last_turn_end_ = nullptr;
    std::size_t asked_turn_ends_ = 0;
    /// Streams in use, or waiting for the system's last answer.
    std::uint32_t lent_streams_ = 0;
};

}  // namespace sluice::net
