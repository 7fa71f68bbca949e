#include "platform/process_facts.hpp"

#include "windows/system_calls.hpp"

#include <psapi.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <thread>

namespace sluice::platform {
namespace {

/// A FILETIME counts steps of 100 ns.
double seconds(const FILETIME& time) {
    const std::uint64_t steps =
        (std::uint64_t{time.dwHighDateTime} << 32U) | std::uint64_t{time.dwLowDateTime};
    return static_cast<double>(steps) / 1e7;
}

double cpu_seconds() {
    FILETIME created{};
    FILETIME ended{};
    FILETIME kernel{};
    FILETIME user{};
    if (::GetProcessTimes(::GetCurrentProcess(), &created, &ended, &kernel, &user) == 0) return 0;
    return seconds(kernel) + seconds(user);
}

std::uint64_t resident_bytes() {
    PROCESS_MEMORY_COUNTERS counters{};
    const bool is_known =
        ::GetProcessMemoryInfo(::GetCurrentProcess(), &counters, sizeof counters) != 0;
    return is_known ? counters.WorkingSetSize : 0;
}

std::uint64_t open_handles() {
    DWORD count = 0;
    return ::GetProcessHandleCount(::GetCurrentProcess(), &count) != 0 ? count : 0;
}

HANDLE handle_of(StandardStream stream) {
    return ::GetStdHandle(stream == StandardStream::Output ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

}  // namespace

ProcessFacts read_process_facts() {
    // Windows has no cheap count of a process's threads, and no limit of handles to run into.
    return {.resident_bytes = resident_bytes(),
            .open_handles = open_handles(),
            .handle_limit = 0,
            .cpu_seconds = cpu_seconds(),
            .threads = 0};
}

std::uint64_t raise_descriptor_limit() {
    return 0;
}

std::uint32_t core_count() {
    DWORD_PTR ours = 0;
    DWORD_PTR all = 0;
    if (::GetProcessAffinityMask(::GetCurrentProcess(), &ours, &all) != 0 && ours != 0) {
        return static_cast<std::uint32_t>(std::popcount(ours));
    }
    // The mask is 0 for a process in several processor groups (more than 64 cores).
    return std::max(std::thread::hardware_concurrency(), 1U);
}

std::uint64_t pid() {
    return ::GetCurrentProcessId();
}

bool is_terminal(StandardStream stream) {
    DWORD mode = 0;
    return ::GetConsoleMode(handle_of(stream), &mode) != 0;
}

bool enable_terminal_colours(StandardStream stream) {
    HANDLE const handle = handle_of(stream);
    DWORD mode = 0;
    if (::GetConsoleMode(handle, &mode) == 0) return false;
    return ::SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

void set_thread_name(std::string_view name) {
    // MinGW's headers do not declare it, and the first versions of Windows 10 do not have it.
    using SetDescription = HRESULT(WINAPI*)(HANDLE thread, PCWSTR description);
    static const auto set_description = reinterpret_cast<SetDescription>(reinterpret_cast<void*>(
        ::GetProcAddress(::GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription")));
    if (set_description != nullptr) {
        set_description(::GetCurrentThread(), to_wide(name).c_str());
    }
}

void stop_at_once() noexcept {
    constexpr UINT code_of_abort = 3;
    ::TerminateProcess(::GetCurrentProcess(), code_of_abort);
    // Not reached: the call above ends this thread too.
    std::_Exit(static_cast<int>(code_of_abort));
}

}  // namespace sluice::platform
