#include "windows/parent.hpp"

#include <bcrypt.h>

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

/// A slow name server may take longer than the manager is told.
constexpr milliseconds longest_silence_of_start{300'000};
/// Beyond what it has said.
constexpr milliseconds grace{10'000};
constexpr DWORD tick_milliseconds = 1'000;
constexpr milliseconds tick_hint{5'000};
/// For a process that has said its last word.
constexpr DWORD time_to_end_milliseconds = 1'000;
/// For one that was ended.
constexpr DWORD time_to_die_milliseconds = 5'000;
/// Of a start that did not come to a gateway, and of a gateway that ends by itself with 0.
constexpr DWORD unknown_failure = 1;
/// Before this number of upgrades is drained the oldest process is ended.
constexpr std::size_t most_gateways = 16;

DWORD WINAPI on_control(DWORD control, DWORD, LPVOID, LPVOID parent) { return static_cast<Parent*>(parent)->take_control(control); }

bool is_over(HANDLE process) { return ::WaitForSingleObject(process, 0) == WAIT_OBJECT_0; }

/// Which nobody has, and nobody guesses.
std::wstring fresh_pipe_name() {
    std::array<unsigned char, 16> bytes{};
    ::BCryptGenRandom(nullptr, bytes.data(), static_cast<ULONG>(bytes.size()), BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    std::wstring name = L"\\\\.\\pipe\\sluice-service-";
    for (const unsigned char byte : bytes) {
        name += L"0123456789abcdef"[byte >> 4U];
        name += L"0123456789abcdef"[byte & 15U];
    }
    return name;
}

/// Its processes end with its last handle, so with us, however we end.
platform::OwnedHandle make_job() {
    platform::OwnedHandle job(::CreateJobObjectW(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (::SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits, sizeof limits) == 0) job.reset();
    return job;
}

}  // namespace

Parent::Parent(std::wstring service)
    : service_(std::move(service)), pipe_name_(fresh_pipe_name()), was_asked_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {}

void Parent::tell_failure(DWORD exit_code, const std::string& why) const {
    write_event(SLUICE_EVENT_FAILED, {platform::to_utf8(service_), std::to_string(exit_code), why});
}

bool Parent::enter() {
    const Result<void> entered = report_.enter(service_.c_str(), on_control, this);
    if (!entered) tell_failure(unknown_failure, describe(entered.error()));
    return entered.has_value();
}

DWORD Parent::run() {
    report_.report({SERVICE_START_PENDING, start_hint, 0});
    patience_ = Clock::now() + longest_silence_of_start;
    if (const Result<void> started = start(); !started) {
        tell_failure(unknown_failure, describe(started.error()));
        end_all();
        return unknown_failure;
    }
    while (!has_main_ended()) {
        wait();
        if (is_stuck()) end_stuck();
    }
    end_main();
    await_others();
    end_all();
    return standing_.exit_code;
}

void Parent::report_end(DWORD exit_code) { report_.report({SERVICE_STOPPED, {}, exit_code}); }

Result<void> Parent::start() {
    job_ = make_job();
    if (!job_.is_open() || !was_asked_.is_open()) return fail(system_error("making a job for the gateway", platform::last_system_error()));
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
    // It waits until it belongs to the job.
    if (::CreateProcessW(path.data(), line.data(), nullptr, nullptr, FALSE, DETACHED_PROCESS | CREATE_SUSPENDED, nullptr, nullptr, &start,
                         &process) == 0) {
        return fail(system_error("starting the gateway", platform::last_system_error()));
    }
    main_.reset(process.hProcess);
    main_pid_ = process.dwProcessId;
    const platform::OwnedHandle thread(process.hThread);
    if (::AssignProcessToJobObject(job_.get(), process.hProcess) != 0 && ::ResumeThread(thread.get()) != static_cast<DWORD>(-1)) return {};
    const std::error_code error = platform::last_system_error();
    ::TerminateProcess(process.hProcess, unknown_failure);
    return fail(system_error("putting the gateway into its job", error));
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

/// Waits for whatever comes next, and takes it. Words of those before come before the end of those after them, because they
/// connected in this order: who names an heir is heard before that heir's end.
void Parent::wait() {
    if (!next_) static_cast<void>(open_pipe(false));
    end_lingering();
    std::vector<HANDLE> events{was_asked_.get()};
    if (!is_over(main_.get())) events.push_back(main_.get());
    const std::size_t first_pipe = events.size();
    if (next_) events.push_back(next_->event());
    const std::size_t first_gateway = events.size();
    for (const Gateway& gateway : gateways_) events.push_back(gateway.pipe->event());
    const DWORD count = static_cast<DWORD>(events.size());
    const DWORD which = ::WaitForMultipleObjects(count, events.data(), FALSE, tick_milliseconds) - WAIT_OBJECT_0;
    if (which == WAIT_FAILED) ::Sleep(tick_milliseconds);
    if (which >= count) return;
    if (which >= first_gateway) {
        hear(which - first_gateway);
    } else if (which >= first_pipe) {
        welcome_process();
    } else if (which == 0) {
        pass_controls_on();
    }
}

/// A gateway that hangs while it starts or stops: the manager waits for ever and takes no other control.
bool Parent::is_stuck() const {
    const bool is_transient = standing_.state != SERVICE_RUNNING || is_stopping_;
    return is_transient && Clock::now() > patience_ + grace;
}

void Parent::end_stuck() {
    tell_failure(unknown_failure, "It hung, and was ended.");
    ::TerminateJobObject(job_.get(), unknown_failure);
    gateways_.clear();
    ::WaitForSingleObject(main_.get(), time_to_die_milliseconds);
    standing_ = {SERVICE_STOPPED, {}, unknown_failure};
}

/// Those before that have said their last word, or are too many.
void Parent::end_lingering() {
    if (gateways_.size() > most_gateways && gateways_.front().pid != main_pid_) gateways_.front().end = Clock::now();
    for (const Gateway& gateway : gateways_) {
        if (gateway.end && Clock::now() >= *gateway.end && gateway.pid != main_pid_) ::TerminateProcess(gateway.process.get(), 0);
    }
}

/// A gateway process has connected.
void Parent::welcome_process() {
    std::unique_ptr<ParentPipe> pipe = std::move(next_);
    static_cast<void>(open_pipe(false));
    if (!pipe->has_process()) return;
    const DWORD pid = pipe->process_id();
    platform::OwnedHandle process(::OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE, FALSE, pid));
    const bool is_main = pid == main_pid_;
    // One that can't be watched is not welcome: its start fails, and says so.
    if (!process.is_open() || !pipe->send(is_main ? word_welcome : word_welcome_heir)) return;
    pipe->await_message();
    gateways_.push_back({std::move(pipe), pid, std::move(process)});
    if (is_main) pass_controls_on();
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
    const std::optional<DWORD> heir = heir_of(text);
    if (standing && standing->state == SERVICE_STOPPED) gateway.end = Clock::now() + milliseconds{time_to_end_milliseconds};
    const bool is_main = gateway.pid == main_pid_;
    if (standing && standing->state == SERVICE_STOP_PENDING && (is_main || report_.is_stop_requested())) {
        patience_ = std::max(patience_, Clock::now() + standing->hint);
    }
    // Those before it have no other say any more.
    if (standing && is_main) {
        if (standing->state == SERVICE_START_PENDING) patience_ = Clock::now() + longest_silence_of_start;
        standing_ = *standing;
        // The last word is for when the process has ended.
        if (standing->state != SERVICE_STOPPED) report_.report(*standing);
    }
    if (heir && is_main) name_heir(gateway, *heir);
}

/// The gateway has handed over to another one, which has connected before.
void Parent::name_heir(Gateway& from, DWORD pid) {
    const auto found = std::ranges::find(gateways_, pid, &Gateway::pid);
    HANDLE const self = ::GetCurrentProcess();
    HANDLE process = nullptr;
    const bool is_good = found != gateways_.end() && !is_over(found->process.get()) &&
                         ::DuplicateHandle(self, found->process.get(), self, &process, 0, FALSE, DUPLICATE_SAME_ACCESS) != 0;
    // One that can't be told takes no answer for a refusal, and ends the heir, which is a failure of the service then.
    static_cast<void>(from.pipe->send(is_good ? word_left : word_refused));
    if (!is_good) return;
    main_.reset(process);
    main_pid_ = pid;
    standing_ = {SERVICE_RUNNING, {}, 0};
}

void Parent::let_down(std::size_t index) { gateways_.erase(gateways_.begin() + static_cast<std::ptrdiff_t>(index)); }

/// To the main one; a stop to all. Kept until the main one has connected.
void Parent::pass_controls_on() {
    Gateway* const main = main_gateway();
    std::vector<DWORD> asked;
    {
        const std::scoped_lock lock(asking_);
        ::ResetEvent(was_asked_.get());
        if (main != nullptr) asked = std::exchange(asked_, {});
    }
    for (const DWORD control : asked) {
        const bool is_stop = control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_PRESHUTDOWN;
        if (is_stop) {
            is_stopping_ = true;
            patience_ = Clock::now() + first_stop_limit;
        }
        for (Gateway& gateway : gateways_) {
            // One that is gone, or hangs, is found out by its end or by the lack of patience.
            if (is_stop || &gateway == main) static_cast<void>(gateway.pipe->send(control_words(control)));
        }
    }
}

/// It has said its last word, or is gone without one.
void Parent::end_main() {
    if (::WaitForSingleObject(main_.get(), time_to_end_milliseconds) != WAIT_OBJECT_0) {
        // A little memory was left to take down; whoever replaces the program does not wait long for that.
        ::TerminateProcess(main_.get(), standing_.exit_code);
        ::WaitForSingleObject(main_.get(), time_to_die_milliseconds);
    }
    if (standing_.state == SERVICE_STOPPED) {
        // A service that ends unasked is a failure, or the manager would leave it at that.
        if (standing_.exit_code == 0 && !report_.is_stop_requested()) standing_.exit_code = unknown_failure;
        return;
    }
    DWORD code = 0;
    ::GetExitCodeProcess(main_.get(), &code);
    tell_failure(code, "Its process ended without a word: it was killed, or it crashed.");
    standing_ = {SERVICE_STOPPED, {}, code == 0 ? unknown_failure : code};
}

/// Those that another one has taken over from finish their requests, at a stop that was asked for.
void Parent::await_others() {
    while (report_.is_stop_requested() && !gateways_.empty() && Clock::now() < patience_) {
        report_.report({SERVICE_STOP_PENDING, tick_hint, 0});
        wait();
    }
}

/// What is still there, before the manager is told that nothing is.
void Parent::end_all() {
    if (!job_.is_open()) return;
    ::TerminateJobObject(job_.get(), unknown_failure);
    for (const Gateway& gateway : gateways_) ::WaitForSingleObject(gateway.process.get(), time_to_die_milliseconds);
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
