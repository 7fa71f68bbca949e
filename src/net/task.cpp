#include "net/task.hpp"

#include <cstdio>

#include "platform/process_facts.hpp"

namespace sluice::net {
namespace {

/// The root of a spawned task: starts at once, frees itself at the end.
struct Detached {
    struct promise_type {
        static void* operator new(std::size_t size) { return take_memory(size); }
        static void operator delete(void* frame, std::size_t size) noexcept {
            give_memory(frame, size);
        }
        Detached get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { stop_on_exception(); }
    };
};

Detached run_detached(Task<void> task) { co_await task; }

}  // namespace

void stop_on_exception() noexcept {
    try {
        throw;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice: fatal: unexpected exception in a worker: %s\n", error.what());
    } catch (...) {
        std::fputs("sluice: fatal: unexpected exception of unknown type in a worker\n", stderr);
    }
    std::fflush(stderr);
    platform::stop_at_once();
}

void spawn(Task<void> task) { run_detached(std::move(task)); }

}  // namespace sluice::net
