#include "windows/parent.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "platform/wide_text.hpp"
#include "windows/event_log.hpp"
#include "windows/messages.h"

namespace sluice::service {
namespace {

using std::chrono::milliseconds;

/// Between two steps of a start.
constexpr milliseconds start_hint{30'000};
/// Until the gateway has said how long its drain may take.
constexpr milliseconds first_stop_limit{30'000};
constexpr DWORD tick_milliseconds = 1'000;
constexpr milliseconds tick_hint{5'000};
/// For a process that has said its last word.
constexpr DWORD time_to_end_milliseconds = 1'000;
/// Of a start that did not come to a gateway.
constexpr DWORD start_failed = 1;
/// SERVICE_CONTROL_... of our own begin at 128.
constexpr DWORD control_reopen = 128;
constexpr DWORD control_upgrade = 129;

DWORD WINAPI on_control(DWORD control, DWORD, LPVOID, LPVOID parent) { return static_cast<Parent*>(parent)->take_control(control); }

bool is_over(HANDLE process) { return ::WaitForSingleObject(process, 0) == WAIT_OBJECT_0; }

/// Which nobody has, and nobody guesses.
std::wstring fresh_pipe_name() {
    LARGE_INTEGER ticks{};
    ::QueryPerformanceCounter(&ticks);
    return L"\\\\.\\pipe\\sluice-service-" + std::to_wstring(::GetCurrentProcessId()) + L"-" + std::to_wstring(ticks.QuadPart);
}

/// Its processes end with its last handle, so with us, however we end.
platform::OwnedHandle make_job() {
    platform::OwnedHandle job(::CreateJobObjectW(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    ::SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return job;
}

}  // namespace

Parent::Parent(std::wstring service)
    : service_(std::move(service)), pipe_name_(fresh_pipe_name()), was_asked_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {}

DWORD Parent::fail_start(const Error& error) {
    write_event(SLUICE_EVENT_FAILED, {platform::to_utf8(service_), std::to_string(start_failed), describe(error)});
    return start_failed;
}

DWORD Parent::run() {
    if (const Result<void> entered = report_.enter(service_.c_str(), on_control, this); !entered) return fail_start(entered.error());
    report_.report({SERVICE_START_PENDING, start_hint, 0});
    if (const Result<void> started = start(); !started) return fail_start(started.error());
    while (!has_main_ended()) wait();
    end_main();
    await_others();
    return standing_.exit_code;
}

void Parent::report_end(DWORD exit_code) { report_.report({SERVICE_STOPPED, {}, exit_code}); }

Result<void> Parent::start() {
    job_ = make_job();
    Result<void> done = open_pipe(true);
    return done ? start_gateway() : done;
}

/// The same program with the same arguments, which finds out by the variables that it is the gateway.
Result<void> Parent::start_gateway() {
    std::array<wchar_t, 32768> path{};
    ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    std::wstring line = ::GetCommandLineW();
    ::SetEnvironmentVariableW(service_name_variable, service_.c_str());
    ::SetEnvironmentVariableW(service_pipe_variable, pipe_name_.c_str());
    STARTUPINFOW start{};
    start.cb = sizeof start;
    PROCESS_INFORMATION process{};
    // It waits until it belongs to the job. A console that nobody sees: without any, each successor would open one.
    if (::CreateProcessW(path.data(), line.data(), nullptr, nullptr, FALSE, CREATE_NO_WINDOW | CREATE_SUSPENDED, nullptr, nullptr, &start,
                         &process) == 0) {
        return fail(system_error("starting the gateway", platform::last_system_error()));
    }
    main_.reset(process.hProcess);
    main_pid_ = process.dwProcessId;
    ::AssignProcessToJobObject(job_.get(), process.hProcess);
    ::ResumeThread(process.hThread);
    ::CloseHandle(process.hThread);
    return {};
}

Result<void> Parent::open_pipe(bool is_first) {
    auto opened = ParentPipe::open(pipe_name_, is_first);
    if (!opened) return fail(std::move(opened.error()));
    next_ = std::move(*opened);
    next_->await_process();
    return {};
}

Parent::Gateway* Parent::main_gateway() {
    const auto found = std::ranges::find(gateways_, main_pid_, &Gateway::pid);
    return found == gateways_.end() ? nullptr : &*found;
}

/// What it has said before its end, who comes after it above all, is heard first.
bool Parent::has_main_ended() const {
    if (!is_over(main_.get())) return standing_.state == SERVICE_STOPPED;
    return std::ranges::find(gateways_, main_pid_, &Gateway::pid) == gateways_.end();
}

/// Waits for whatever comes next, and takes it.
void Parent::wait() {
    std::vector<HANDLE> events{was_asked_.get()};
    if (!is_over(main_.get())) events.push_back(main_.get());
    const std::size_t first_pipe = events.size();
    if (next_) events.push_back(next_->event());
    const std::size_t first_gateway = events.size();
    for (const Gateway& gateway : gateways_) events.push_back(gateway.pipe->event());
    const DWORD count = std::min<DWORD>(static_cast<DWORD>(events.size()), MAXIMUM_WAIT_OBJECTS);
    const DWORD which = ::WaitForMultipleObjects(count, events.data(), FALSE, tick_milliseconds) - WAIT_OBJECT_0;
    if (which >= count) return;
    if (which >= first_gateway) {
        hear(which - first_gateway);
    } else if (which >= first_pipe) {
        welcome_process();
    } else if (which == 0) {
        pass_controls_on();
    }
}

/// A gateway process has connected.
void Parent::welcome_process() {
    std::unique_ptr<ParentPipe> pipe = std::move(next_);
    // Without another end no upgrade is possible, which the new process will say; what runs goes on.
    static_cast<void>(open_pipe(false));
    if (!pipe->has_process() || !pipe->send(word_welcome)) return;
    const DWORD pid = pipe->process_id();
    pipe->await_message();
    platform::OwnedHandle process(::OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE, FALSE, pid));
    gateways_.push_back({std::move(pipe), pid, std::move(process)});
    if (pid == main_pid_) pass_controls_on();
}

void Parent::hear(std::size_t index) {
    Gateway& gateway = gateways_[index];
    const std::optional<std::string> text = gateway.pipe->take_message();
    if (!text) {
        let_down(index);
        return;
    }
    gateway.pipe->await_message();
    obey(gateway, *text);
}

void Parent::obey(Gateway& gateway, std::string_view text) {
    const std::optional<Standing> standing = standing_of(text);
    if (standing && standing->state == SERVICE_STOP_PENDING) patience_ = std::max(patience_, Clock::now() + standing->hint);
    // Those before it have no say any more.
    if (gateway.pid != main_pid_) return;
    if (standing) {
        standing_ = *standing;
        // The last word is for when the process has ended.
        if (standing->state != SERVICE_STOPPED) report_.report(*standing);
    } else if (const std::optional<DWORD> heir = heir_of(text)) {
        const auto found = std::ranges::find(gateways_, *heir, &Gateway::pid);
        if (found == gateways_.end() || !found->process.is_open()) return;
        HANDLE const self = ::GetCurrentProcess();
        HANDLE process = nullptr;
        ::DuplicateHandle(self, found->process.get(), self, &process, 0, FALSE, DUPLICATE_SAME_ACCESS);
        main_.reset(process);
        main_pid_ = *heir;
        standing_ = {SERVICE_RUNNING, {}, 0};
    }
}

void Parent::let_down(std::size_t index) { gateways_.erase(gateways_.begin() + static_cast<std::ptrdiff_t>(index)); }

/// To the main one; a stop to all. Kept until the main one has connected.
void Parent::pass_controls_on() {
    const std::scoped_lock lock(asking_);
    ::ResetEvent(was_asked_.get());
    Gateway* const main = main_gateway();
    if (main == nullptr) return;
    for (const DWORD control : std::exchange(asked_, {})) {
        const bool is_stop = control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_PRESHUTDOWN;
        for (Gateway& gateway : gateways_) {
            // One that is gone, or hangs, is found out by its end or by the manager.
            if (is_stop || &gateway == main) static_cast<void>(gateway.pipe->send(control_words(control)));
        }
    }
}

/// It has said its last word, or is gone without one.
void Parent::end_main() {
    if (::WaitForSingleObject(main_.get(), time_to_end_milliseconds) != WAIT_OBJECT_0) {
        // A little memory was left to take down; whoever replaces the program does not wait long for that.
        ::TerminateProcess(main_.get(), standing_.exit_code);
        ::WaitForSingleObject(main_.get(), INFINITE);
    }
    if (standing_.state == SERVICE_STOPPED) return;
    DWORD code = 0;
    ::GetExitCodeProcess(main_.get(), &code);
    // Without a word even 0 is a failure.
    standing_ = {SERVICE_STOPPED, {}, code == 0 ? start_failed : code};
    write_event(SLUICE_EVENT_FAILED, {platform::to_utf8(service_), std::to_string(code), "Its process ended without a word: it was killed, or it crashed."});
}

/// Those that another one has taken over from finish their requests, at a stop that was asked for.
void Parent::await_others() {
    while (report_.is_stop_requested() && !gateways_.empty() && Clock::now() < patience_) {
        report_.report({SERVICE_STOP_PENDING, tick_hint, 0});
        wait();
    }
}

DWORD Parent::take_control(DWORD control) {
    switch (control) {
        case SERVICE_CONTROL_INTERROGATE:
            report_.repeat();
            return NO_ERROR;
        case SERVICE_CONTROL_STOP:
        case SERVICE_CONTROL_PRESHUTDOWN:
            // The manager sends it once; another that comes all the same asks for nothing new.
            if (!report_.begin_stop(first_stop_limit)) return NO_ERROR;
            break;
        case SERVICE_CONTROL_PARAMCHANGE:
        case control_reopen:
        case control_upgrade:
            break;
        default:
            return ERROR_CALL_NOT_IMPLEMENTED;
    }
    const std::scoped_lock lock(asking_);
    asked_.push_back(control);
    ::SetEvent(was_asked_.get());
    return NO_ERROR;
}

}  // namespace sluice::service
