#pragma once

#include <coroutine>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

#include "base/memory_pool.hpp"

namespace sluice::net {

/// Ends the process with the message of the exception in flight. Nothing of ours throws, so an exception that
/// reaches a coroutine's edge is a bug: the process stops loudly, never half.
[[noreturn]] void stop_on_exception() noexcept;

namespace detail {

class PromiseBase {
public:
    static void* operator new(std::size_t size) { return take_memory(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { give_memory(frame, size); }

    std::suspend_always initial_suspend() noexcept { return {}; }

    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        template <typename Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
            // Ended before its first wait: the awaiter is still inside await_suspend and goes on by itself.
            if (self.promise().runs_inline) return std::noop_coroutine();
            const std::coroutine_handle<> next = self.promise().continuation;
            if (self.promise().is_detached) self.destroy();
            return next;
        }
        void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }

    void unhandled_exception() noexcept { stop_on_exception(); }

    std::coroutine_handle<> continuation = std::noop_coroutine();
    bool runs_inline = false;
    /// Nobody awaits it: it frees itself at its end.
    bool is_detached = false;
};

template <typename T>
class Promise : public PromiseBase {
public:
    std::coroutine_handle<Promise> get_return_object() noexcept {
        return std::coroutine_handle<Promise>::from_promise(*this);
    }
    template <typename U>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    T take() { return std::move(*value_); }

private:
    std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
public:
    std::coroutine_handle<Promise> get_return_object() noexcept {
        return std::coroutine_handle<Promise>::from_promise(*this);
    }
    void return_void() noexcept {}
    void take() noexcept {}
};

}  // namespace detail

template <typename T = void>
class Task;

/// Starts a task that nobody awaits. It runs at once up to its first suspension and frees itself at its end.
void spawn(Task<void> task);

/// A coroutine that runs when it is awaited and resumes its awaiter when it is done. See
/// docs/coroutines.md for the rules that keep frames alive.
///
/// Threading: belongs to one worker.
/// Lifetime:  the frame lives as long as the Task; parameters taken by reference must outlive it.
template <typename T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;

    Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&&) = delete;
    Task(const Task&) = delete;
    ~Task() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    /// Runs the task on the awaiter's stack up to its first wait. A task that ends without one does not resume its awaiter
    /// from within: a loop over such tasks needs no more stack with each turn, also where the compiler makes no tail calls.
    bool await_suspend(std::coroutine_handle<> awaiter) noexcept {
        handle_.promise().continuation = awaiter;
        handle_.promise().runs_inline = true;
        handle_.resume();
        if (handle_.done()) return false;
        handle_.promise().runs_inline = false;
        return true;
    }
    T await_resume() { return handle_.promise().take(); }

private:
    friend void spawn(Task<void> task);
    std::coroutine_handle<promise_type> handle_;
};

/// Lets one coroutine wait for another: `set` may come before or after `co_await`.
///
/// Threading: one worker; at most one waiter.
class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void set() {
        is_set_ = true;
        if (waiter_) std::exchange(waiter_, nullptr).resume();
    }
    void clear() { is_set_ = false; }
    [[nodiscard]] bool is_set() const { return is_set_; }

    bool await_ready() const noexcept { return is_set_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
    void await_resume() const noexcept {}

private:
    bool is_set_ = false;
    std::coroutine_handle<> waiter_;
};

}  // namespace sluice::net
