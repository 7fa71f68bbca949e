#pragma once

#include <windows.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "platform/signals.hpp"

namespace sluice::service {

/// The process as the service control manager sees it: what it is told (SetServiceStatus) and what it asks
/// (HandlerEx). On a console it is never entered, and every call does nothing.
///
/// Threading: any thread; the handlers run one at a time on the thread that is lent to the manager.
/// Lifetime:  made at the first call and never destroyed, because threads of the system may be in it to the end.
class ControlLink {
public:
    static ControlLink& instance();
    ControlLink(const ControlLink&) = delete;
    ControlLink& operator=(const ControlLink&) = delete;

    /// The manager has started this process as the service of this name. RegisterServiceCtrlHandlerExW.
    [[nodiscard]] Result<void> enter(const wchar_t* name);
    [[nodiscard]] bool is_entered() const { return handle_ != nullptr; }
    /// As people know it; "" on a console.
    [[nodiscard]] const std::string& name() const { return name_; }

    /// What was asked for before is handed over at once.
    void listen(platform::SignalHandlers handlers);
    /// Returns when no handler runs; from here on requests are kept again.
    void forget_handlers();

    [[nodiscard]] Result<void> report_starting();
    [[nodiscard]] Result<void> report_running();
    /// The end takes no longer than this. Until then the manager is told every now and then that it goes on; afterwards it
    /// may take the process for hung.
    [[nodiscard]] Result<void> report_stopping(std::chrono::milliseconds at_most);
    /// The last word; only the first counts. After a stop that was asked for, no exit code is a failure, or the manager
    /// would start the service again.
    [[nodiscard]] Result<void> report_stopped(int exit_code);

    [[nodiscard]] bool is_stop_requested();
    [[nodiscard]] bool is_stopped();

    /// What the manager's thread calls: HandlerEx. Yields ERROR_CALL_NOT_IMPLEMENTED for what is not known.
    [[nodiscard]] DWORD take_control(DWORD control);

private:
    using Clock = std::chrono::steady_clock;
    using Request = std::function<void(const platform::SignalHandlers&)>;

    ControlLink() = default;
    ~ControlLink() = default;
    [[nodiscard]] Result<void> report(DWORD state, std::chrono::milliseconds hint);
    [[nodiscard]] Result<void> send();
    void ask(Request request);
    void begin_stop(std::string_view why);
    void keep_patience();

    SERVICE_STATUS_HANDLE handle_ = nullptr;
    std::string name_;

    /// Held while a handler runs.
    std::mutex serving_;
    bool is_listening_ = false;
    platform::SignalHandlers handlers_;
    std::vector<Request> kept_;

    std::mutex reporting_;
    /// Set at the last word. An event of the system: a timed wait for winpthreads' condition variable was seen to miss the end.
    HANDLE stopped_ = nullptr;
    SERVICE_STATUS status_{};
    bool is_stop_requested_ = false;
    Clock::time_point stop_limit_;
    std::thread patience_;
};

}  // namespace sluice::service
