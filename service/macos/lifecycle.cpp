#include "service/lifecycle.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "macos/job.hpp"
#include "platform/private_file.hpp"
#include "platform/process_facts.hpp"

namespace sluice::service {
namespace {

/// newsyslog(8) finds the process by it. Empty when launchd did not start us.
std::string pid_file() {
    const char* const path = std::getenv(pid_file_variable);
    return path == nullptr ? std::string() : std::string(path);
}

}  // namespace

Lifecycle::~Lifecycle() = default;

// launchd's requests are signals.
void Lifecycle::listen(platform::SignalHandlers) {}

Result<void> Lifecycle::starting(std::string_view) { return {}; }

// Signals are heard by now: one that comes before would end the process.
Result<void> Lifecycle::ready(std::string_view) {
    const std::string path = pid_file();
    return path.empty() ? Result<void>{} : platform::write_private_file(path, std::to_string(platform::pid()) + "\n");
}

Result<void> Lifecycle::reloading() { return {}; }

Result<void> Lifecycle::reloaded(std::string_view) { return {}; }

// launchd knows one process; the upgrade was refused (service/host.hpp).
Result<void> Lifecycle::succeeded_by(std::uint64_t) { return {}; }

// The number may be another process's soon.
Result<void> Lifecycle::stopping(std::chrono::milliseconds) {
    const std::string path = pid_file();
    if (!path.empty()) platform::remove_private_file(path);
    return {};
}

Result<void> Lifecycle::ended(int, std::string_view) { return stopping({}); }

}  // namespace sluice::service
