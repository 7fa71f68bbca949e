#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace sluice {

/// One thread waits until others have done so many things. Like std::latch, whose wait may miss its wake-up where libstdc++
/// 12 has no futex to build it on (seen with MinGW).
///
/// Threading: `count_down` on any thread, `wait` on one, after which it may be destroyed.
class Countdown {
public:
    explicit Countdown(std::size_t count) : left_(count) {}
    Countdown(const Countdown&) = delete;
    Countdown& operator=(const Countdown&) = delete;

    void count_down() {
        // Told under the mutex: the waiting thread may end this object as soon as it can see the count.
        const std::scoped_lock lock(mutex_);
        --left_;
        is_down_.notify_all();
    }

    void wait() {
        std::unique_lock lock(mutex_);
        is_down_.wait(lock, [this] { return left_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable is_down_;
    std::size_t left_;
};

}  // namespace sluice
