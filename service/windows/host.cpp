#include "service/host.hpp"

#include <windows.h>

#include <condition_variable>
#include <mutex>

#include "platform/paths.hpp"
#include "platform/wide_text.hpp"
#include "windows/control_link.hpp"
#include "windows/crash_dump.hpp"
#include "windows/failure_notes.hpp"

namespace sluice::service {
namespace {

/// The service's work, for the thread that the system makes for it. Never destroyed: that thread may outlive main's.
struct Host {
    std::function<int()> body;
    std::mutex mutex;
    std::condition_variable ended;
    bool has_ended = false;
    int exit_code = 1;
};

Host& host() {
    static auto* const instance = new Host;
    return *instance;
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
    int code = 1;
    if (link.enter(arguments[0])) {
        enter_own_folder();
        write_crash_dumps();
        code = host().body();
        // Who ends before there is a life cycle has told nobody yet.
        if (!link.is_stopped()) {
            write_end(code, {});
            static_cast<void>(link.report_stopped(code));
        }
    }
    const std::scoped_lock lock(host().mutex);
    host().exit_code = code;
    host().has_ended = true;
    host().ended.notify_all();
}

}  // namespace

int run_hosted(const std::function<int()>& body) {
    host().body = body;
    // A process of its own: the manager takes no notice of the name.
    wchar_t any_name[] = L"";
    const SERVICE_TABLE_ENTRYW table[] = {{any_name, service_main}, {nullptr, nullptr}};
    if (::StartServiceCtrlDispatcherW(table) == 0) {
        // On a console: ERROR_FAILED_SERVICE_CONTROLLER_CONNECT. Any other failure is no reason not to serve either.
        return body();
    }
    // The dispatcher returns at the last word to the manager; the work may have a little left to take down.
    std::unique_lock lock(host().mutex);
    host().ended.wait(lock, [] { return host().has_ended; });
    return host().exit_code;
}

bool is_hosted() { return ControlLink::instance().is_entered(); }

}  // namespace sluice::service
