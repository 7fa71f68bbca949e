#include "windows/crash_dump.hpp"

#include <windows.h>

#include <dbghelp.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "platform/paths.hpp"
#include "platform/wide_text.hpp"
#include "windows/event_log.hpp"
#include "windows/messages.h"

namespace sluice::service {
namespace {

constexpr std::size_t most_dumps = 5;
/// Bits 29 and 30 and 31: an error of an application's own.
constexpr DWORD terminated_exception = 0xE0000001;

/// Made beforehand: a process that crashes does as little as it can.
std::wstring& dump_folder() {
    static auto* const folder = new std::wstring;
    return *folder;
}

std::string& service_name() {
    static auto* const name = new std::string;
    return *name;
}

std::wstring dump_file() {
    SYSTEMTIME now{};
    ::GetSystemTime(&now);
    wchar_t name[80];
    ::wsprintfW(name, L"\\sluice-%04u%02u%02u-%02u%02u%02u-%lu.dmp", now.wYear, now.wMonth, now.wDay, now.wHour, now.wMinute,
                now.wSecond, ::GetCurrentProcessId());
    return dump_folder() + name;
}

/// Names begin with the time, so the oldest come first.
void remove_old_dumps(std::size_t kept) {
    std::vector<std::wstring> dumps;
    WIN32_FIND_DATAW found{};
    HANDLE const search = ::FindFirstFileW((dump_folder() + L"\\sluice-*.dmp").c_str(), &found);
    if (search == INVALID_HANDLE_VALUE) return;
    do {
        dumps.emplace_back(found.cFileName);
    } while (::FindNextFileW(search, &found) != 0);
    ::FindClose(search);
    std::ranges::sort(dumps);
    for (std::size_t i = 0; i + kept < dumps.size(); ++i) ::DeleteFileW((dump_folder() + L"\\" + dumps[i]).c_str());
}

bool write_dump(const std::wstring& path, EXCEPTION_POINTERS* exception) {
    HANDLE const file = ::CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file == INVALID_HANDLE_VALUE) return false;
    MINIDUMP_EXCEPTION_INFORMATION about{::GetCurrentThreadId(), exception, FALSE};
    const auto content = static_cast<MINIDUMP_TYPE>(MiniDumpWithThreadInfo | MiniDumpWithUnloadedModules);
    const BOOL written = ::MiniDumpWriteDump(::GetCurrentProcess(), ::GetCurrentProcessId(), file, content, &about, nullptr, nullptr);
    ::CloseHandle(file);
    return written != 0;
}

LONG WINAPI on_crash(EXCEPTION_POINTERS* exception) {
    const std::wstring path = dump_file();
    const bool is_written = write_dump(path, exception);
    write_event(SLUICE_EVENT_CRASHED,
                {service_name(), is_written ? platform::to_utf8(path) : "no file, because that failed as well."});
    remove_old_dumps(most_dumps);
    // The process ends with the exception's code, and the manager does what it does about a crash.
    return EXCEPTION_EXECUTE_HANDLER;
}

/// An exception that nobody catches is none of the system's, so the filter would not see it.
[[noreturn]] void on_terminate() {
    ::RaiseException(terminated_exception, EXCEPTION_NONCONTINUABLE, 0, nullptr);
    ::TerminateProcess(::GetCurrentProcess(), 3);
    __builtin_unreachable();
}

}  // namespace

void write_crash_dumps(std::string service) {
    service_name() = std::move(service);
    dump_folder() = platform::to_wide(platform::config_folder() + "\\crashes");
    ::CreateDirectoryW(dump_folder().c_str(), nullptr);
    ::SetUnhandledExceptionFilter(on_crash);
    std::set_terminate(on_terminate);
}

}  // namespace sluice::service
