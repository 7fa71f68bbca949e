#include "service/events.hpp"

#include <mutex>
#include <string>

#include "windows/control_link.hpp"
#include "windows/event_log.hpp"
#include "windows/failure_notes.hpp"
#include "windows/messages.h"

namespace sluice::service {
namespace {

/// Enough to know what to do; the rest is in the log file.
constexpr std::size_t most_notes = 4096;

/// Never destroyed: other threads may note something to the end.
struct Notes {
    std::mutex mutex;
    std::string text;
};

Notes& notes() {
    static auto* const instance = new Notes;
    return *instance;
}

std::string why(std::string_view reason) {
    const std::scoped_lock lock(notes().mutex);
    std::string text(reason);
    if (!text.empty() && !notes().text.empty()) text += "\r\n";
    text += notes().text;
    return text.empty() ? "Its log file may say why." : text;
}

}  // namespace

void note_failure(std::string_view reason) {
    const std::scoped_lock lock(notes().mutex);
    std::string& text = notes().text;
    if (text.size() + reason.size() > most_notes) return;
    if (!text.empty()) text += "\r\n";
    text += reason;
}

void record_event(Severity severity, std::string_view text) {
    constexpr std::uint32_t messages[] = {SLUICE_EVENT_INFO, SLUICE_EVENT_WARNING, SLUICE_EVENT_ERROR};
    const ControlLink& link = ControlLink::instance();
    if (!link.is_entered()) return;
    write_event(messages[static_cast<std::size_t>(severity)], {link.name(), std::string(text)});
}

void write_end(int exit_code, std::string_view reason) {
    ControlLink& link = ControlLink::instance();
    const std::string code = std::to_string(exit_code);
    if (exit_code == 0) {
        write_event(SLUICE_EVENT_STOPPED, {link.name()});
    } else if (link.is_stop_requested()) {
        write_event(SLUICE_EVENT_CUT, {link.name(), code});
    } else {
        write_event(SLUICE_EVENT_FAILED, {link.name(), code, why(reason)});
    }
}

}  // namespace sluice::service
