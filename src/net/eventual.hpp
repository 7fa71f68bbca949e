#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/result.hpp"
#include "net/task.hpp"

namespace sluice::net {

/// What a call yields: at once where it can, without a coroutine, or else by a task.
///
/// Threading, lifetime: as net::Task.
template <typename T>
class [[nodiscard]] Eventual {
public:
    Eventual(T value) : value_(std::move(value)) {}
    Eventual(Failure failure) : value_(std::move(failure)) {}
    Eventual(Task<T> task) : task_(std::move(task)) {}

    [[nodiscard]] bool await_ready() const noexcept { return value_.has_value(); }
    bool await_suspend(std::coroutine_handle<> awaiter) noexcept { return task_->await_suspend(awaiter); }
    T await_resume() { return value_ ? std::move(*value_) : task_->await_resume(); }

private:
    std::optional<T> value_;
    std::optional<Task<T>> task_;
};

}  // namespace sluice::net
