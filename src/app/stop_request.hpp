#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::app {

/// Where the main thread waits: for a signal, and then for workers to finish.
///
/// Threading: `request` and `finish_one` from any thread, the waits from the main thread.
class StopRequest {
public:
    /// The system asked to stop for the `count`-th time.
    void request(int count, std::string_view name) {
        const std::scoped_lock lock(mutex_);
        count_ = count;
        if (name_.empty()) name_ = name;
        changed_.notify_all();
    }

    /// Waits for the first request; yields its name.
    [[nodiscard]] std::string wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return count_ > 0; });
        return name_;
    }

    [[nodiscard]] int count() {
        const std::scoped_lock lock(mutex_);
        return count_;
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

    /// True when all have finished; false when the time is over, or when stopping was asked for `impatient` times.
    [[nodiscard]] bool wait_finished(std::chrono::milliseconds limit, int impatient) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, limit, [&] { return unfinished_ == 0 || count_ >= impatient; });
        return unfinished_ == 0;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
    std::string name_;
    std::size_t unfinished_ = 0;
    unsigned phase_ = 0;
};

}  // namespace sluice::app
