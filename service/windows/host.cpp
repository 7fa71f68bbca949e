#include "service/host.hpp"

#include <windows.h>

#include <tlhelp32.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <string>

#include "platform/paths.hpp"
#include "platform/wide_text.hpp"
#include "windows/control_link.hpp"
#include "windows/crash_dump.hpp"
#include "windows/failure_notes.hpp"
#include "windows/parent.hpp"

namespace sluice::service {
namespace {

/// For the thread that the system makes for the service, which may outlive main's. Never destroyed.
struct Host {
    std::atomic<DWORD> exit_code = 0;
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
    enter_own_folder();
    write_crash_dumps(platform::to_utf8(arguments[0]));
    // The manager's thread may ask something to the end.
    auto* const parent = new Parent(arguments[0]);
    // The manager can be told nothing then, and would wait for it in vain.
    if (!parent->enter()) ::ExitProcess(1);
    host().exit_code = parent->run();
    parent->report_end(host().exit_code);
}

/// The process of a service that serves.
int run_gateway(const std::function<int()>& body) {
    ControlLink& link = ControlLink::instance();
    // What a console tells its processes at its end is none of the manager's requests.
    ::FreeConsole();
    write_crash_dumps(link.name());
    const int code = body();
    // Who ends before there is a life cycle has told nobody yet.
    if (!link.is_stopped()) {
        if (link.speaks_for_service()) write_end(code, {});
        static_cast<void>(link.report_stopped(code));
    }
    return code;
}

}  // namespace

int run_hosted(const std::function<int()>& body) {
    const Result<bool> entered = ControlLink::instance().enter();
    if (!entered) {
        std::fprintf(stderr, "sluice: %s\n", describe(entered.error()).c_str());
        return 1;
    }
    if (*entered) return run_gateway(body);
    if (!is_started_by_manager()) return body();
    // A process of its own: the manager takes no notice of the name.
    wchar_t any_name[] = L"";
    const SERVICE_TABLE_ENTRYW table[] = {{any_name, service_main}, {nullptr, nullptr}};
    // ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: it was not the manager. Any other failure is no reason not to serve either.
    if (::StartServiceCtrlDispatcherW(table) == 0) return body();
    // The dispatcher returns at the last word to the manager.
    return static_cast<int>(host().exit_code);
}

bool is_hosted() { return ControlLink::instance().is_entered(); }

// The one that it knows is the parent of all.
bool knows_one_process() { return false; }

std::string log_file() {
    return is_hosted() ? platform::log_folder() + "\\" + ControlLink::instance().name() + ".log" : std::string();
}

}  // namespace sluice::service
