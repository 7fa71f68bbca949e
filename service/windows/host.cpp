#include "service/host.hpp"

#include <windows.h>

#include <tlhelp32.h>

#include <atomic>
#include <map>
#include <string>

#include "platform/paths.hpp"
#include "platform/wide_text.hpp"
#include "windows/control_link.hpp"
#include "windows/crash_dump.hpp"
#include "windows/failure_notes.hpp"

namespace sluice::service {
namespace {

constexpr DWORD most_milliseconds_to_end = 1'000;

/// The service's work, for the thread that the system makes for it. Never destroyed: that thread may outlive main's.
struct Host {
    std::function<int()> body;
    HANDLE ended = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    std::atomic<int> exit_code = 0;
};

Host& host() {
    static auto* const instance = new Host;
    return *instance;
}

/// Whether the parent is services.exe. Asked first, because Wine gives the dispatcher of any process the start of whatever
/// service is about to start.
bool is_started_by_manager() {
    HANDLE const snapshot = ::CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (snapshot == INVALID_HANDLE_VALUE) return true;  // The dispatcher will tell.
    std::map<DWORD, std::wstring> names;
    DWORD parent = 0;
    PROCESSENTRY32W entry{};
    entry.dwSize = sizeof entry;
    for (BOOL more = ::Process32FirstW(snapshot, &entry); more != 0; more = ::Process32NextW(snapshot, &entry)) {
        names[entry.th32ProcessID] = entry.szExeFile;
        if (entry.th32ProcessID == ::GetCurrentProcessId()) parent = entry.th32ParentProcessID;
    }
    ::CloseHandle(snapshot);
    return ::lstrcmpiW(names[parent].c_str(), L"services.exe") == 0;
}

/// The manager starts services in System32, where nothing of ours may land.
void enter_own_folder() {
    const std::wstring folder = platform::to_wide(platform::config_folder());
    ::CreateDirectoryW(folder.c_str(), nullptr);
    ::SetCurrentDirectoryW(folder.c_str());
}

/// The name that the manager has for it comes first; the arguments of `sc start` are nobody's.
void WINAPI service_main(DWORD, LPWSTR* arguments) {
    ControlLink& link = ControlLink::instance();
    // The manager can be told nothing then, and would wait for it in vain.
    if (!link.enter(arguments[0])) ::ExitProcess(1);
    enter_own_folder();
    write_crash_dumps();
    const int code = host().body();
    // Who ends before there is a life cycle has told nobody yet.
    if (!link.is_stopped()) {
        write_end(code, {});
        static_cast<void>(link.report_stopped(code));
    }
    host().exit_code = code;
    ::SetEvent(host().ended);
}

}  // namespace

int run_hosted(const std::function<int()>& body) {
    if (!is_started_by_manager()) return body();
    host().body = body;
    // A process of its own: the manager takes no notice of the name.
    wchar_t any_name[] = L"";
    const SERVICE_TABLE_ENTRYW table[] = {{any_name, service_main}, {nullptr, nullptr}};
    if (::StartServiceCtrlDispatcherW(table) == 0) {
        // ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: it was not the manager. Any other failure is no reason not to serve either.
        return body();
    }
    // The dispatcher returns at the last word to the manager; the work may have a little memory left to take down. Whoever
    // replaces or removes the program does not wait long for that. (Asio's timer thread was seen to end minutes later with
    // Wine, which misses the last setting of its timer.)
    if (::WaitForSingleObject(host().ended, most_milliseconds_to_end) != WAIT_OBJECT_0) {
        ::TerminateProcess(::GetCurrentProcess(), static_cast<UINT>(host().exit_code));
    }
    return host().exit_code;
}

bool is_hosted() { return ControlLink::instance().is_entered(); }

bool knows_one_process() { return is_hosted(); }

std::string log_file() {
    return is_hosted() ? platform::log_folder() + "\\" + ControlLink::instance().name() + ".log" : std::string();
}

}  // namespace sluice::service
