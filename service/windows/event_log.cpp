#include "windows/event_log.hpp"

#include <windows.h>

#include <algorithm>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

/// Longer ones are refused (31,839 characters).
constexpr std::size_t most_characters = 30'000;

/// The two upper bits of a message say how bad it is.
WORD type_of(std::uint32_t message) {
    switch (message >> 30U) {
        case 2:
            return EVENTLOG_WARNING_TYPE;
        case 3:
            return EVENTLOG_ERROR_TYPE;
        default:
            return EVENTLOG_INFORMATION_TYPE;
    }
}

/// An entry takes "%1" inside a text for another text of the message.
std::wstring plain(const std::string& text) {
    std::wstring wide = platform::to_wide(text);
    if (wide.size() > most_characters) wide.resize(most_characters);
    std::ranges::replace(wide, L'%', L'\uFF05');
    return wide;
}

}  // namespace

void write_event(std::uint32_t message, const std::vector<std::string>& texts) {
    HANDLE const source = ::RegisterEventSourceW(nullptr, event_source_name);
    if (source == nullptr) return;
    std::vector<std::wstring> wide;
    for (const std::string& text : texts) wide.push_back(plain(text));
    std::vector<LPCWSTR> pointers;
    for (const std::wstring& text : wide) pointers.push_back(text.c_str());
    ::ReportEventW(source, type_of(message), 0, message, nullptr, static_cast<WORD>(pointers.size()), 0, pointers.data(), nullptr);
    ::DeregisterEventSource(source);
}

}  // namespace sluice::service
