#include "platform/signals.hpp"

#include <condition_variable>
#include <mutex>

#include "windows/console_event.hpp"
#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

std::string_view name_of_event(unsigned long event) {
    switch (event) {
        case CTRL_C_EVENT:
            return "Ctrl-C";
        case CTRL_BREAK_EVENT:
            return "Ctrl-Break";
        case CTRL_CLOSE_EVENT:
            return "console close";
        case CTRL_LOGOFF_EVENT:
            return "logoff";
        case CTRL_SHUTDOWN_EVENT:
            return "shutdown";
        default:
            return "";
    }
}

/// The process ends as soon as the handler of such an event returns.
bool ends_process(unsigned long event) {
    return event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT;
}

BOOL WINAPI console_handler(DWORD event) {
    return handle_console_event(event) ? TRUE : FALSE;
}

/// The one source of the process. It is never destroyed, because the system's threads may still be
/// in it.
struct Console {
    /// Held while a callback runs.
    std::mutex serving;
    bool is_active = false;
    SignalHandlers handlers;
    int stops = 0;

    std::mutex finishing;
    std::condition_variable finish_changed;
    bool is_finished = false;
};

Console& console() {
    static auto* const instance = new Console;
    return *instance;
}

void set_finished(bool is_finished) {
    const std::scoped_lock lock(console().finishing);
    console().is_finished = is_finished;
    console().finish_changed.notify_all();
}

}  // namespace

bool handle_console_event(unsigned long event) {
    const std::string_view name = name_of_event(event);
    if (name.empty()) return false;
    // Only services hear of it, and of every user's: theirs it is not.
    if (event == CTRL_LOGOFF_EVENT) return true;
    {
        const std::scoped_lock lock(console().serving);
        if (!console().is_active) return false;
        ++console().stops;
        if (console().handlers.stop_requested) {
            console().handlers.stop_requested(console().stops, name);
        }
    }
    if (ends_process(event)) {
        std::unique_lock lock(console().finishing);
        console().finish_changed.wait(lock, [] { return console().is_finished; });
    }
    return true;
}

struct SignalSource::State {
    bool is_active = false;
};

SignalSource::SignalSource() : state_(std::make_unique<State>()) {}

SignalSource::~SignalSource() {
    if (!state_->is_active) return;
    ::SetConsoleCtrlHandler(console_handler, FALSE);
    set_finished(true);
    const std::scoped_lock lock(console().serving);
    console().is_active = false;
    console().handlers = {};
}

Result<void> SignalSource::start(SignalHandlers handlers) {
    const std::scoped_lock lock(console().serving);
    if (console().is_active) {
        return fail(system_error("a signal source is active already",
                                 std::make_error_code(std::errc::device_or_resource_busy)));
    }
    set_finished(false);
    console().handlers = std::move(handlers);
    console().stops = 0;
    if (::SetConsoleCtrlHandler(console_handler, TRUE) == 0) {
        return fail(system_error("watching the console", last_system_error()));
    }
    console().is_active = true;
    state_->is_active = true;
    return {};
}

void SignalSource::finished() {
    set_finished(true);
}

}  // namespace sluice::platform
