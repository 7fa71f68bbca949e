// Logs: the end of the log file, and what the Event Log has of us.

#include <windows.h>

#include <cstdio>

#include "platform/paths.hpp"
#include "platform/wide_text.hpp"
#include "windows/manager.hpp"
#include "windows/recent_events.hpp"
#include "windows/steps_of_verbs.hpp"

namespace sluice::service {
namespace {

constexpr std::size_t most_events = 20;
constexpr LONGLONG most_bytes = 16 * 1024;

std::string log_file(const Instance& instance) { return platform::log_folder() + "\\" + instance.name + ".log"; }

/// The last part of the file, from the beginning of a line.
Result<std::string> end_of(const std::string& path) {
    // The gateway may write, rename or delete it meanwhile.
    HANDLE const file = ::CreateFileW(platform::to_wide(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                      nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file == INVALID_HANDLE_VALUE) return fail(system_error("reading " + path, platform::last_system_error()));
    LARGE_INTEGER size{};
    ::GetFileSizeEx(file, &size);
    LARGE_INTEGER start{};
    start.QuadPart = size.QuadPart > most_bytes ? size.QuadPart - most_bytes : 0;
    ::SetFilePointerEx(file, start, nullptr, FILE_BEGIN);
    std::string text(static_cast<std::size_t>(most_bytes), '\0');
    DWORD got = 0;
    const BOOL is_read = ::ReadFile(file, text.data(), static_cast<DWORD>(text.size()), &got, nullptr);
    const std::error_code error = platform::last_system_error();
    ::CloseHandle(file);
    if (is_read == 0) return fail(system_error("reading " + path, error));
    text.resize(got);
    if (start.QuadPart != 0) text.erase(0, text.find('\n') + 1);
    return text;
}

Result<void> print_file(const std::string& path) {
    const Result<std::string> text = end_of(path);
    // A service that could not start has none; its reason is in the Event Log.
    std::printf("%s", text ? text->c_str() : ("(" + describe(text.error()) + ")\n").c_str());
    return {};
}

Result<void> print_events() {
    const Result<std::vector<std::string>> lines = recent_events(most_events);
    if (!lines) return fail(lines.error());
    std::printf("Event Log, source Sluice%s\n", lines->empty() ? ": no entries" : ":");
    for (const std::string& line : *lines) std::printf("%s\n", line.c_str());
    return {};
}

}  // namespace

std::vector<Step> log_steps(const Instance& instance) {
    const std::string file = log_file(instance);
    return {{"print the end of " + file, [file] { return print_file(file); }},
            {"print the latest entries of the source Sluice in the Event Log", print_events}};
}

}  // namespace sluice::service
