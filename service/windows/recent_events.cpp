#include "windows/recent_events.hpp"

#include <windows.h>

#include <algorithm>

#include "base/log.hpp"
#include "platform/wide_text.hpp"
#include "windows/event_log.hpp"

namespace sluice::service {
namespace {

/// How far back is looked for ours: other programs may write much.
constexpr std::size_t most_records = 20'000;

const wchar_t* text_at(const EVENTLOGRECORD& record, std::size_t offset) {
    return reinterpret_cast<const wchar_t*>(reinterpret_cast<const char*>(&record) + offset);
}

const char* severity_of(const EVENTLOGRECORD& record) {
    if (record.EventType == EVENTLOG_ERROR_TYPE) return "error";
    return record.EventType == EVENTLOG_WARNING_TYPE ? "warning" : "info";
}

/// The message is in this program's own resources.
std::wstring sentence_of(const EVENTLOGRECORD& record) {
    std::vector<DWORD_PTR> texts;
    const wchar_t* text = text_at(record, record.StringOffset);
    for (WORD i = 0; i < record.NumStrings; ++i) {
        texts.push_back(reinterpret_cast<DWORD_PTR>(text));
        text += std::wstring_view(text).size() + 1;
    }
    // A record from elsewhere may have fewer texts than its message asks for.
    texts.resize(std::max<std::size_t>(texts.size(), 9), reinterpret_cast<DWORD_PTR>(L""));
    std::wstring sentence(4096, L'\0');
    const DWORD size = ::FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY | FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                        nullptr, record.EventID, 0, sentence.data(), static_cast<DWORD>(sentence.size()),
                                        reinterpret_cast<va_list*>(texts.data()));
    sentence.resize(size);
    return sentence;
}

std::string line_of(const EVENTLOGRECORD& record) {
    std::string line;
    append_utc_time(line, std::int64_t{record.TimeGenerated} * 1000);
    return line + ' ' + severity_of(record) + ' ' + platform::to_utf8(sentence_of(record));
}

}  // namespace

Result<std::vector<std::string>> recent_events(std::size_t most) {
    HANDLE const log = ::OpenEventLogW(nullptr, L"Application");
    if (log == nullptr) return fail(system_error("opening the Event Log", platform::last_system_error()));
    std::vector<std::string> lines;
    std::vector<char> bytes(std::size_t{512} * 1024);  // The most that a call gives.
    std::size_t seen = 0;
    DWORD size = 0;
    DWORD needed = 0;
    while (lines.size() < most && seen < most_records &&
           ::ReadEventLogW(log, EVENTLOG_SEQUENTIAL_READ | EVENTLOG_BACKWARDS_READ, 0, bytes.data(), static_cast<DWORD>(bytes.size()),
                           &size, &needed) != 0) {
        for (DWORD offset = 0; offset < size && lines.size() < most; ++seen) {
            const auto& record = *reinterpret_cast<const EVENTLOGRECORD*>(bytes.data() + offset);
            if (std::wstring_view(text_at(record, sizeof record)) == event_source_name) lines.push_back(line_of(record));
            offset += record.Length;
        }
    }
    ::CloseEventLog(log);
    std::ranges::reverse(lines);
    return lines;
}

}  // namespace sluice::service
