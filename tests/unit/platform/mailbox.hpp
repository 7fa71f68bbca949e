#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace sluice::platform {

/// What a callback on another thread has brought, in order. `take` waits for the next, 10 s at
/// most, so that a test fails instead of hanging.
template <typename T>
class Mailbox {
public:
    void put(T value) {
        const std::scoped_lock lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_one();
    }

    std::optional<T> take() {
        std::unique_lock lock(mutex_);
        const bool has_come =
            changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return !values_.empty(); });
        if (!has_come) return std::nullopt;
        std::optional<T> value(std::move(values_.front()));
        values_.pop_front();
        return value;
    }

    [[nodiscard]] std::size_t size() {
        const std::scoped_lock lock(mutex_);
        return values_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<T> values_;
};

}  // namespace sluice::platform
