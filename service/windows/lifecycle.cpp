#include "service/lifecycle.hpp"

#include <string>

#include "windows/control_link.hpp"
#include "windows/event_log.hpp"
#include "windows/failure_notes.hpp"
#include "windows/messages.h"

namespace sluice::service {
namespace {

ControlLink& link() { return ControlLink::instance(); }

/// What `ready` said: a reload that says something else has not gone well. One thread tells the life cycle.
std::string& usual_status() {
    static auto* const status = new std::string;
    return *status;
}

}  // namespace

Lifecycle::~Lifecycle() { link().forget_handlers(); }

void Lifecycle::listen(platform::SignalHandlers handlers) {
    if (link().is_entered()) link().listen(std::move(handlers));
}

Result<void> Lifecycle::starting(std::string_view) { return link().report_starting(); }

Result<void> Lifecycle::ready(std::string_view status) {
    usual_status() = status;
    if (link().is_entered()) write_event(SLUICE_EVENT_STARTED, {link().name()});
    return link().report_running();
}

Result<void> Lifecycle::reloading() { return {}; }

Result<void> Lifecycle::reloaded(std::string_view status) {
    if (!link().is_entered()) return {};
    if (status == usual_status()) {
        write_event(SLUICE_EVENT_RELOADED, {link().name()});
    } else {
        write_event(SLUICE_EVENT_REFUSED, {link().name(), std::string(status)});
    }
    return {};
}

Result<void> Lifecycle::succeeded_by(std::uint64_t pid) { return link().leave_to(static_cast<DWORD>(pid)); }

Result<void> Lifecycle::stopping(std::chrono::milliseconds at_most) {
    if (!link().is_entered()) return {};
    if (link().speaks_for_service()) {
        write_event(SLUICE_EVENT_STOPPING, {link().name(), std::to_string((at_most.count() + 999) / 1000)});
    }
    return link().report_stopping(at_most);
}

Result<void> Lifecycle::ended(int exit_code, std::string_view reason) {
    if (!link().is_entered()) return {};
    if (link().speaks_for_service()) write_end(exit_code, reason);
    return link().report_stopped(exit_code);
}

}  // namespace sluice::service
