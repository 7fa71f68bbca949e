#include "windows/control_link.hpp"

#include <algorithm>
#include <utility>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// Between two steps of a start.
constexpr milliseconds start_hint{30'000};
/// Until the gateway has said how long its drain may take.
constexpr milliseconds first_stop_limit{30'000};
/// For what comes after the drain: sessions that are cut, files that are closed.
constexpr milliseconds time_after_drain{10'000};
constexpr milliseconds least_hint{5'000};
constexpr DWORD tick_milliseconds = 1'000;

/// SERVICE_CONTROL_... of our own begin at 128.
constexpr DWORD control_reopen = 128;

constexpr DWORD accepted_when_running = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE;

bool is_pending(DWORD state) { return state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING; }

DWORD WINAPI on_control(DWORD control, DWORD, LPVOID, LPVOID) { return ControlLink::instance().take_control(control); }

}  // namespace

ControlLink& ControlLink::instance() {
    static auto* const link = new ControlLink;
    return *link;
}

Result<void> ControlLink::enter(const wchar_t* name) {
    name_ = platform::to_utf8(name);
    status_.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    stopped_ = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    handle_ = ::RegisterServiceCtrlHandlerExW(name, on_control, nullptr);
    if (handle_ == nullptr) return fail(system_error("registering with the service manager", platform::last_system_error()));
    return report_starting();
}

Result<void> ControlLink::send() {
    if (handle_ == nullptr) return {};
    if (::SetServiceStatus(handle_, &status_) != 0) return {};
    return fail(system_error("telling the service manager how it stands", platform::last_system_error()));
}

/// `reporting_` is held.
Result<void> ControlLink::report(DWORD state, milliseconds hint) {
    // A checkpoint that rises is what the manager takes for progress.
    if (!is_pending(state)) {
        status_.dwCheckPoint = 0;
    } else {
        status_.dwCheckPoint = status_.dwCurrentState == state ? status_.dwCheckPoint + 1 : 1;
    }
    status_.dwCurrentState = state;
    status_.dwWaitHint = is_pending(state) ? static_cast<DWORD>(hint.count()) : 0;
    status_.dwControlsAccepted = state == SERVICE_RUNNING ? accepted_when_running : 0;
    if (state == SERVICE_STOPPED) ::SetEvent(stopped_);
    return send();
}

Result<void> ControlLink::report_starting() {
    const std::scoped_lock lock(reporting_);
    const bool is_starting = status_.dwCurrentState == 0 || status_.dwCurrentState == SERVICE_START_PENDING;
    return is_starting ? report(SERVICE_START_PENDING, start_hint) : Result<void>{};
}

Result<void> ControlLink::report_running() {
    const std::scoped_lock lock(reporting_);
    return status_.dwCurrentState == SERVICE_START_PENDING ? report(SERVICE_RUNNING, {}) : Result<void>{};
}

Result<void> ControlLink::report_stopping(milliseconds at_most) {
    const std::scoped_lock lock(reporting_);
    if (handle_ == nullptr || status_.dwCurrentState == SERVICE_STOPPED) return {};
    const milliseconds limit = at_most + time_after_drain;
    stop_limit_ = Clock::now() + limit;
    if (!patience_.joinable()) patience_ = std::thread([this] { keep_patience(); });
    return report(SERVICE_STOP_PENDING, limit);
}

/// Tells the manager that the end goes on, as long as it may.
void ControlLink::keep_patience() {
    while (::WaitForSingleObject(stopped_, tick_milliseconds) == WAIT_TIMEOUT) {
        const std::scoped_lock lock(reporting_);
        const auto left = duration_cast<milliseconds>(stop_limit_ - Clock::now());
        if (status_.dwCurrentState == SERVICE_STOPPED || left <= milliseconds::zero()) return;
        static_cast<void>(report(SERVICE_STOP_PENDING, std::max(left, least_hint)));
    }
}

Result<void> ControlLink::report_stopped(int exit_code) {
    std::thread patience;
    Result<void> told;
    {
        const std::scoped_lock lock(reporting_);
        if (handle_ == nullptr || status_.dwCurrentState == SERVICE_STOPPED) return {};
        const bool is_failure = exit_code != 0 && !is_stop_requested_;
        status_.dwWin32ExitCode = is_failure ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR;
        status_.dwServiceSpecificExitCode = is_failure ? static_cast<DWORD>(exit_code) : 0;
        told = report(SERVICE_STOPPED, {});
        patience = std::move(patience_);
    }
    if (patience.joinable()) patience.join();
    return told;
}

bool ControlLink::is_stop_requested() {
    const std::scoped_lock lock(reporting_);
    return is_stop_requested_;
}

bool ControlLink::is_stopped() {
    const std::scoped_lock lock(reporting_);
    return status_.dwCurrentState == SERVICE_STOPPED;
}

void ControlLink::listen(platform::SignalHandlers handlers) {
    const std::scoped_lock lock(serving_);
    handlers_ = std::move(handlers);
    is_listening_ = true;
    for (const Request& request : std::exchange(kept_, {})) request(handlers_);
}

void ControlLink::forget_handlers() {
    const std::scoped_lock lock(serving_);
    is_listening_ = false;
    handlers_ = {};
}

void ControlLink::ask(Request request) {
    const std::scoped_lock lock(serving_);
    if (is_listening_) {
        request(handlers_);
    } else {
        kept_.push_back(std::move(request));
    }
}

void ControlLink::begin_stop(std::string_view why) {
    {
        const std::scoped_lock lock(reporting_);
        // The manager sends it once; another that comes all the same asks for nothing new.
        if (std::exchange(is_stop_requested_, true)) return;
    }
    static_cast<void>(report_stopping(first_stop_limit));
    ask([why](const platform::SignalHandlers& handlers) {
        if (handlers.stop_requested) handlers.stop_requested(1, why);
    });
}

DWORD ControlLink::take_control(DWORD control) {
    switch (control) {
        case SERVICE_CONTROL_STOP:
            begin_stop("service stop");
            return NO_ERROR;
        case SERVICE_CONTROL_PRESHUTDOWN:
            begin_stop("system shutdown");
            return NO_ERROR;
        case SERVICE_CONTROL_PARAMCHANGE:
            ask([](const platform::SignalHandlers& handlers) {
                if (handlers.reload_requested) handlers.reload_requested("service paramchange");
            });
            return NO_ERROR;
        case control_reopen:
            ask([](const platform::SignalHandlers& handlers) {
                if (handlers.reopen_requested) handlers.reopen_requested("service control 128");
            });
            return NO_ERROR;
        case SERVICE_CONTROL_INTERROGATE: {
            const std::scoped_lock lock(reporting_);
            static_cast<void>(send());
            return NO_ERROR;
        }
        default:
            return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

}  // namespace sluice::service
