#include "windows/manager_report.hpp"

#include <utility>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

constexpr DWORD accepted_when_running = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE;

bool is_pending(DWORD state) { return state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING; }

/// States come in this order and never go back.
int rank(DWORD state) {
    switch (state) {
        case SERVICE_START_PENDING:
            return 1;
        case SERVICE_RUNNING:
            return 2;
        case SERVICE_STOP_PENDING:
            return 3;
        case SERVICE_STOPPED:
            return 4;
        default:
            return 0;
    }
}

}  // namespace

Result<void> ManagerReport::enter(const wchar_t* name, LPHANDLER_FUNCTION_EX handler, void* context) {
    const std::scoped_lock lock(mutex_);
    status_.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    handle_ = ::RegisterServiceCtrlHandlerExW(name, handler, context);
    if (handle_ == nullptr) return fail(system_error("registering with the service manager", platform::last_system_error()));
    return {};
}

void ManagerReport::report(const Standing& standing) {
    const std::scoped_lock lock(mutex_);
    // A state that takes its time is told again and again; none comes back, and nothing follows the last word.
    const bool is_over = status_.dwCurrentState == SERVICE_STOPPED;
    if (!is_over && rank(standing.state) >= rank(status_.dwCurrentState)) send(standing);
}

bool ManagerReport::begin_stop(std::chrono::milliseconds hint) {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(is_stop_requested_, true)) return false;
    if (rank(status_.dwCurrentState) < rank(SERVICE_STOP_PENDING)) send({SERVICE_STOP_PENDING, hint, 0});
    return true;
}

bool ManagerReport::is_stop_requested() const {
    const std::scoped_lock lock(mutex_);
    return is_stop_requested_;
}

void ManagerReport::repeat() {
    const std::scoped_lock lock(mutex_);
    ::SetServiceStatus(handle_, &status_);
}

/// `mutex_` is held. Nobody could be told of a failure to tell.
void ManagerReport::send(const Standing& standing) {
    // A checkpoint that rises is what the manager takes for progress.
    if (!is_pending(standing.state)) {
        status_.dwCheckPoint = 0;
    } else {
        status_.dwCheckPoint = status_.dwCurrentState == standing.state ? status_.dwCheckPoint + 1 : 1;
    }
    const bool is_failure = standing.state == SERVICE_STOPPED && standing.exit_code != 0 && !is_stop_requested_;
    status_.dwCurrentState = standing.state;
    status_.dwWaitHint = is_pending(standing.state) ? static_cast<DWORD>(standing.hint.count()) : 0;
    status_.dwControlsAccepted = standing.state == SERVICE_RUNNING ? accepted_when_running : 0;
    status_.dwWin32ExitCode = is_failure ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR;
    status_.dwServiceSpecificExitCode = is_failure ? standing.exit_code : 0;
    ::SetServiceStatus(handle_, &status_);
}

}  // namespace sluice::service
