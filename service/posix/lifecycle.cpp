#include "service/lifecycle.hpp"

#include <time.h>

#include <cstdint>
#include <string>

#include "platform/process_facts.hpp"
#include "platform/service_notice.hpp"

namespace sluice::service {
namespace {

using std::chrono::microseconds;

/// Of a start.
constexpr std::chrono::seconds time_for_step{60};
/// Beyond the drain time: for sessions that are cut to end, and files to be written.
constexpr std::chrono::seconds after_drain{15};

/// By which the manager tells this reload from one before: sd_notify(3).
std::string monotonic_time() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000);
}

}  // namespace

Lifecycle::~Lifecycle() = default;

// The requests of systemd and launchd are signals.
void Lifecycle::listen(platform::SignalHandlers) {}

Result<void> Lifecycle::starting(std::string_view step) {
    return platform::notify_service_manager("EXTEND_TIMEOUT_USEC=" + std::to_string(microseconds(time_for_step).count()) +
                                            "\nSTATUS=" + std::string(step));
}

Result<void> Lifecycle::ready(std::string_view status) {
    return platform::notify_service_manager("READY=1\nMAINPID=" + std::to_string(platform::pid()) +
                                            "\nSTATUS=" + std::string(status));
}

Result<void> Lifecycle::reloading() {
    return platform::notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + monotonic_time() + "\nSTATUS=reading the configuration again");
}

Result<void> Lifecycle::reloaded(std::string_view status) {
    return platform::notify_service_manager("READY=1\nSTATUS=" + std::string(status));
}

// Only the main process may say who is: this one, until now.
Result<void> Lifecycle::succeeded_by(std::uint64_t pid) { return platform::notify_service_manager("MAINPID=" + std::to_string(pid)); }

// The unit's TimeoutStopSec= does not know the configuration's drain time.
Result<void> Lifecycle::stopping(std::chrono::milliseconds at_most) {
    const auto needed = std::chrono::duration_cast<microseconds>(at_most + after_drain);
    return platform::notify_service_manager("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(needed.count()) +
                                            "\nSTATUS=stopping: running requests may finish");
}

Result<void> Lifecycle::ended(int, std::string_view reason) {
    return reason.empty() ? Result<void>{} : platform::notify_service_manager("STATUS=" + std::string(reason));
}

}  // namespace sluice::service
