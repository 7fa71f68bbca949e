#include "windows/control_link.hpp"

#include <algorithm>
#include <utility>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// For what comes after the drain: sessions that are cut, files that are closed.
constexpr milliseconds time_after_drain{10'000};
constexpr milliseconds least_hint{5'000};
constexpr DWORD tick_milliseconds = 1'000;
constexpr DWORD time_to_answer_milliseconds = 5'000;

/// Of the environment; "" when it is not there.
std::wstring variable(const wchar_t* name) {
    std::wstring value(::GetEnvironmentVariableW(name, nullptr, 0), L'\0');
    value.resize(::GetEnvironmentVariableW(name, value.data(), static_cast<DWORD>(value.size())));
    return value;
}

}  // namespace

ControlLink& ControlLink::instance() {
    static auto* const link = new ControlLink;
    return *link;
}

Result<bool> ControlLink::enter() {
    const std::wstring pipe_name = variable(service_pipe_variable);
    if (pipe_name.empty()) return false;
    auto connected = ParentPipe::connect(pipe_name);
    if (!connected) return fail(std::move(connected.error()));
    (*connected)->await_message();
    ::WaitForSingleObject((*connected)->event(), INFINITE);
    const std::optional<std::string> greeting = (*connected)->take_message();
    if (greeting != word_welcome && greeting != word_welcome_heir) {
        return fail(system_error("the service's parent does not welcome its gateway", {}));
    }
    is_heir_ = greeting == word_welcome_heir;
    name_ = platform::to_utf8(variable(service_name_variable));
    stopped_ = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    answered_ = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    pipe_ = std::move(*connected);
    // Ends with the parent, or with the process.
    std::thread([this] { hear(); }).detach();
    return true;
}

/// What the parent passes on. Its end is a stop: what is left of the service ends with the parent's job.
void ControlLink::hear() {
    for (;;) {
        pipe_->await_message();
        ::WaitForSingleObject(pipe_->event(), INFINITE);
        const std::optional<std::string> text = pipe_->take_message();
        if (!text) break;
        if (const std::optional<DWORD> control = control_of(*text)) take_control(*control);
        if (*text == word_left || *text == word_refused) take_answer(*text == word_refused);
    }
    begin_stop("the service's parent is gone");
}

/// `reporting_` is held.
Result<void> ControlLink::report(const Standing& standing) {
    state_ = standing.state;
    if (standing.state == SERVICE_STOPPED) ::SetEvent(stopped_);
    return pipe_->send(standing_words(standing));
}

Result<void> ControlLink::report_starting() {
    const std::scoped_lock lock(reporting_);
    if (!is_entered() || state_ != SERVICE_START_PENDING) return {};
    return report({SERVICE_START_PENDING, start_hint, 0});
}

Result<void> ControlLink::report_running() {
    const std::scoped_lock lock(reporting_);
    if (!is_entered() || state_ != SERVICE_START_PENDING) return {};
    return report({SERVICE_RUNNING, {}, 0});
}

Result<void> ControlLink::report_stopping(milliseconds at_most) {
    const std::scoped_lock lock(reporting_);
    if (!is_entered() || state_ == SERVICE_STOPPED) return {};
    const milliseconds limit = at_most + time_after_drain;
    stop_limit_ = Clock::now() + limit;
    if (!patience_.joinable()) patience_ = std::thread([this] { keep_patience(); });
    return report({SERVICE_STOP_PENDING, limit, 0});
}

/// Tells the manager that the end goes on, as long as it may.
void ControlLink::keep_patience() {
    while (::WaitForSingleObject(stopped_, tick_milliseconds) == WAIT_TIMEOUT) {
        const std::scoped_lock lock(reporting_);
        const auto left = duration_cast<milliseconds>(stop_limit_ - Clock::now());
        if (state_ == SERVICE_STOPPED || left <= milliseconds::zero()) return;
        static_cast<void>(report({SERVICE_STOP_PENDING, std::max(left, least_hint), 0}));
    }
}

Result<void> ControlLink::report_stopped(int exit_code) {
    std::thread patience;
    Result<void> told;
    {
        const std::scoped_lock lock(reporting_);
        if (!is_entered() || state_ == SERVICE_STOPPED) return {};
        told = report({SERVICE_STOPPED, {}, static_cast<DWORD>(exit_code)});
        patience = std::move(patience_);
    }
    if (patience.joinable()) patience.join();
    return told;
}

Result<void> ControlLink::leave_to(DWORD pid) {
    if (!is_entered()) return {};
    ::ResetEvent(answered_);
    {
        const std::scoped_lock lock(reporting_);
        if (const Result<void> asked = pipe_->send(heir_words(pid)); !asked) return asked;
    }
    const bool is_answered = ::WaitForSingleObject(answered_, time_to_answer_milliseconds) == WAIT_OBJECT_0;
    const std::scoped_lock lock(reporting_);
    has_left_ = is_answered && !was_refused_;
    if (has_left_) return {};
    return fail(system_error(is_answered ? "the service's parent does not know the new process" : "the service's parent does not answer", {}));
}

void ControlLink::take_answer(bool is_refusal) {
    const std::scoped_lock lock(reporting_);
    was_refused_ = is_refusal;
    ::SetEvent(answered_);
}

bool ControlLink::speaks_for_service() {
    const std::scoped_lock lock(reporting_);
    return !has_left_ && !(is_heir_ && state_ == SERVICE_START_PENDING);
}

bool ControlLink::is_stop_requested() {
    const std::scoped_lock lock(reporting_);
    return is_stop_requested_;
}

bool ControlLink::is_stopped() {
    const std::scoped_lock lock(reporting_);
    return state_ == SERVICE_STOPPED;
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

void ControlLink::take_control(DWORD control) {
    switch (control) {
        case SERVICE_CONTROL_STOP:
            begin_stop("service stop");
            break;
        case SERVICE_CONTROL_PRESHUTDOWN:
            begin_stop("system shutdown");
            break;
        case SERVICE_CONTROL_PARAMCHANGE:
            ask([](const platform::SignalHandlers& handlers) {
                if (handlers.reload_requested) handlers.reload_requested("service paramchange");
            });
            break;
        case control_reopen:
            ask([](const platform::SignalHandlers& handlers) {
                if (handlers.reopen_requested) handlers.reopen_requested("service control 128");
            });
            break;
        case control_upgrade:
            ask([](const platform::SignalHandlers& handlers) {
                if (handlers.upgrade_requested) handlers.upgrade_requested("service control 129");
            });
            break;
        default:
            break;
    }
}

}  // namespace sluice::service
