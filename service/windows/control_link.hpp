#pragma once

#include <windows.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "platform/signals.hpp"
#include "windows/parent_pipe.hpp"
#include "windows/parent_words.hpp"

namespace sluice::service {

/// A gateway process of a service, by the pipe to the service's parent (windows/parent.hpp): how the process stands, and what
/// the service control manager asks. On a console it is never entered, and every call does nothing.
///
/// Threading: any thread; the handlers run one at a time on a thread of the link's.
/// Lifetime:  made at the first call and never destroyed, because threads of the system may be in it to the end.
class ControlLink {
public:
    static ControlLink& instance();
    ControlLink(const ControlLink&) = delete;
    ControlLink& operator=(const ControlLink&) = delete;

    /// True when the service's parent, or a process before, has started this one. Then it is part of that service from here on.
    [[nodiscard]] Result<bool> enter();
    [[nodiscard]] bool is_entered() const { return pipe_ != nullptr; }
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

    /// The service's gateway is that process from here on: what this one does, and its end, are not the service's. Waits for the
    /// parent's consent. Failure: it knows no such process, or does not answer; all is as before.
    [[nodiscard]] Result<void> leave_to(DWORD pid);
    /// False when another process has taken over, and in one that has not come to that yet.
    [[nodiscard]] bool speaks_for_service();

    [[nodiscard]] bool is_stop_requested();
    [[nodiscard]] bool is_stopped();

private:
    using Clock = std::chrono::steady_clock;
    using Request = std::function<void(const platform::SignalHandlers&)>;

    ControlLink() = default;
    ~ControlLink() = default;
    [[nodiscard]] Result<void> report(const Standing& standing);
    void hear();
    void take_control(DWORD control);
    void take_answer(bool is_refusal);
    void ask(Request request);
    void begin_stop(std::string_view why);
    void keep_patience();

    std::unique_ptr<ParentPipe> pipe_;
    std::string name_;

    /// Held while a handler runs.
    std::mutex serving_;
    bool is_listening_ = false;
    platform::SignalHandlers handlers_;
    std::vector<Request> kept_;

    std::mutex reporting_;
    /// Set at the last word. An event of the system: a timed wait for winpthreads' condition variable was seen to miss the end.
    HANDLE stopped_ = nullptr;
    DWORD state_ = SERVICE_START_PENDING;
    bool is_stop_requested_ = false;
    bool has_left_ = false;
    bool is_heir_ = false;
    /// Set by the parent's answer to `leave_to`.
    HANDLE answered_ = nullptr;
    bool was_refused_ = false;
    Clock::time_point stop_limit_;
    std::thread patience_;
};

}  // namespace sluice::service
