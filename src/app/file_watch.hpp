#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "app/change_settling.hpp"
#include "base/clock.hpp"

namespace sluice::app {

/// Looks at the configuration's files from time to time and says when they have changed (decision 0005: why it looks, and
/// does not wait for the system to tell).
///
/// Threading: `watch` and `stop` on one thread; `on_change` is called on the watch's own.
/// Lifetime:  what `on_change` uses outlives `stop`.
class FileWatch {
public:
    explicit FileWatch(std::function<void()> on_change) : on_change_(std::move(on_change)) {}
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;
    ~FileWatch() { stop(); }

    /// These files from now on, which were tried as the record says; every `interval`.
    void watch(SourceRecord record, Duration interval);
    /// Nothing any more.
    void stop();

private:
    void run();

    std::function<void()> on_change_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<ChangeSettling> files_;
    Duration interval_{};
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace sluice::app
