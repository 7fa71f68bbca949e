#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::app {

/// Where the main thread waits: for work that others leave to it, for a signal to stop, and then for workers to finish.
///
/// Threading: `post`, `request_stop` and `finish_one` from any thread, the rest from the main thread.
class MainQueue {
public:
    /// Leaves work to the main thread. Once stopping was asked for, it is called with `is_stopping`.
    using Work = std::function<void(bool is_stopping)>;
    void post(Work work) {
        const std::scoped_lock lock(mutex_);
        work_.push_back(std::move(work));
        changed_.notify_all();
    }

    /// The system asked to stop for the `count`-th time.
    void request_stop(int count, std::string_view name) {
        const std::scoped_lock lock(mutex_);
        stops_ = count;
        if (stop_name_.empty()) stop_name_ = name;
        changed_.notify_all();
    }

    /// `run` returns after this.
    void end_run() {
        const std::scoped_lock lock(mutex_);
        is_ended_ = true;
        changed_.notify_all();
    }

    /// Does the work of others until the first request to stop, whose name it yields, or `end_run`.
    [[nodiscard]] std::string run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return stops_ > 0 || is_ended_ || !work_.empty(); });
            if (stops_ > 0 || is_ended_) return stop_name_;
            const Work work = std::move(work_.front());
            work_.pop_front();
            lock.unlock();
            work(false);
            lock.lock();
        }
    }

    /// Tells those who still wait for their work that the gateway stops.
    void turn_away() {
        std::unique_lock lock(mutex_);
        const std::deque<Work> left = std::exchange(work_, {});
        lock.unlock();
        for (const Work& work : left) work(true);
    }

    [[nodiscard]] int stops() {
        const std::scoped_lock lock(mutex_);
        return stops_;
    }

    /// So many have to call finish_one, with the number that this yields, before wait_finished yields true. Whoever
    /// finishes what was expected before comes too late to count.
    [[nodiscard]] unsigned expect(std::size_t workers) {
        const std::scoped_lock lock(mutex_);
        unfinished_ = workers;
        return ++phase_;
    }
    void finish_one(unsigned phase) {
        const std::scoped_lock lock(mutex_);
        if (phase != phase_) return;
        --unfinished_;
        changed_.notify_all();
    }

    /// True when all have finished; false when the time is over, or when stopping was asked for `impatient` times. Work that
    /// comes meanwhile is turned away.
    [[nodiscard]] bool wait_finished(std::chrono::milliseconds limit, int impatient) {
        const auto end = std::chrono::steady_clock::now() + limit;
        for (;;) {
            turn_away();
            std::unique_lock lock(mutex_);
            const bool in_time = changed_.wait_until(
                lock, end, [&] { return unfinished_ == 0 || stops_ >= impatient || !work_.empty(); });
            if (!in_time || unfinished_ == 0 || stops_ >= impatient) return unfinished_ == 0;
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Work> work_;
    int stops_ = 0;
    bool is_ended_ = false;
    std::string stop_name_;
    std::size_t unfinished_ = 0;
    unsigned phase_ = 0;
};

}  // namespace sluice::app
