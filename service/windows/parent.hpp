#pragma once

#include <windows.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/owned_handle.hpp"
#include "windows/manager_report.hpp"
#include "windows/parent_pipe.hpp"

namespace sluice::service {

/// The process that the service control manager knows. It serves nothing itself: it starts the gateway as a process of its own,
/// passes on what the manager asks and what the gateway says of itself, and stays when another gateway takes over from that one
/// (docs/decisions/0006-upgrade.md). When it ends, however, all of them do.
///
/// Threading: `run` on the thread that the manager makes for the service; `take_control` on any.
class Parent {
public:
    explicit Parent(std::wstring service);
    Parent(const Parent&) = delete;
    Parent& operator=(const Parent&) = delete;

    /// Tells the manager where its controls go. Failure: it can't be told anything.
    [[nodiscard]] bool enter();
    /// Returns when the service has ended and its processes with it, before the manager is told so by `report_end`; yields its exit
    /// code.
    [[nodiscard]] DWORD run();
    /// The last word to the manager, which may end this process at once.
    void report_end(DWORD exit_code);

    /// HandlerEx. Yields ERROR_CALL_NOT_IMPLEMENTED for what is not known.
    [[nodiscard]] DWORD take_control(DWORD control);

private:
    using Clock = std::chrono::steady_clock;
    /// A gateway process that has connected.
    struct Gateway {
        std::unique_ptr<ParentPipe> pipe;
        DWORD pid = 0;
        platform::OwnedHandle process;
        /// It has said its last word, and ends soon or is ended.
        std::optional<Clock::time_point> end = std::nullopt;
    };

    [[nodiscard]] Result<void> start();
    [[nodiscard]] Result<void> start_gateway();
    [[nodiscard]] Result<void> open_pipe(bool is_first);
    [[nodiscard]] bool has_main_ended() const;
    void wait();
    [[nodiscard]] bool is_stuck() const;
    void end_stuck();
    void end_lingering();
    void welcome_process();
    void hear(std::size_t index);
    void obey(Gateway& gateway, std::string_view text);
    void let_down(std::size_t index);
    void name_heir(Gateway& from, DWORD pid);
    void pass_controls_on();
    void await_others();
    void end_main();
    void end_all();
    [[nodiscard]] Gateway* main_gateway();
    void tell_failure(DWORD exit_code, const std::string& why) const;

    std::wstring service_;
    std::wstring pipe_name_;
    ManagerReport report_;
    platform::OwnedHandle job_;

    std::mutex asking_;
    std::vector<DWORD> asked_;
    platform::OwnedHandle was_asked_;

    std::unique_ptr<ParentPipe> next_;
    std::vector<Gateway> gateways_;
    DWORD main_pid_ = 0;
    platform::OwnedHandle main_;
    /// What the main one has said last.
    Standing standing_;
    /// A stop was passed on. The manager's thread knows of it earlier, when `patience_` is still that of long ago.
    bool is_stopping_ = false;
    /// Until then a start, or a stop, has time for its next word.
    Clock::time_point patience_{};
};

}  // namespace sluice::service
