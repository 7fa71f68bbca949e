#include "service/lifecycle.hpp"

#include <string>

#include "platform/process_facts.hpp"
#include "platform/service_notice.hpp"

namespace sluice::service {

Lifecycle::~Lifecycle() = default;

// The requests of systemd and launchd are signals.
void Lifecycle::listen(platform::SignalHandlers) {}

Result<void> Lifecycle::starting(std::string_view step) {
    return platform::notify_service_manager("STATUS=" + std::string(step));
}

Result<void> Lifecycle::ready(std::string_view status) {
    return platform::notify_service_manager("READY=1\nMAINPID=" + std::to_string(platform::pid()) +
                                            "\nSTATUS=" + std::string(status));
}

Result<void> Lifecycle::reloading() { return platform::notify_service_manager("RELOADING=1"); }

Result<void> Lifecycle::reloaded(std::string_view status) {
    return platform::notify_service_manager("READY=1\nSTATUS=" + std::string(status));
}

Result<void> Lifecycle::stopping(std::chrono::milliseconds) { return platform::notify_service_manager("STOPPING=1"); }

Result<void> Lifecycle::ended(int, std::string_view reason) {
    return reason.empty() ? Result<void>{} : platform::notify_service_manager("STATUS=" + std::string(reason));
}

}  // namespace sluice::service
