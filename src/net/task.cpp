#include "net/task.hpp"

#include <cstdio>

#include "platform/process_facts.hpp"

namespace sluice::net {

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

void spawn(Task<void> task) {
    const auto handle = std::exchange(task.handle_, nullptr);
    handle.promise().is_detached = true;
    handle.resume();
}

}  // namespace sluice::net
