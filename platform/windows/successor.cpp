#include "platform/successor.hpp"

#include <array>
#include <string>
#include <vector>

#include "windows/message_pipe.hpp"

namespace sluice::platform {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t most_last_words = 4096;
constexpr DWORD glance_milliseconds = 2;
constexpr DWORD time_to_end_milliseconds = 1000;
/// Enough for all listeners, so that nobody waits for the other to read.
constexpr DWORD pipe_bytes = 256 * 1024;

std::wstring command_line(const Program& program) {
    std::wstring line;
    for (const std::string& argument : program.arguments) append_argument(line, to_wide(argument));
    return line;
}

/// Both ends of a pipe, of which the successor inherits one.
struct Pipe {
    OwnedHandle ours;
    OwnedHandle theirs;

    bool open(bool is_ours_to_read) {
        HANDLE read_end = nullptr;
        HANDLE write_end = nullptr;
        if (::CreatePipe(&read_end, &write_end, nullptr, pipe_bytes) == 0) return false;
        ours.reset(is_ours_to_read ? read_end : write_end);
        theirs.reset(is_ours_to_read ? write_end : read_end);
        return ::SetHandleInformation(theirs.get(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) != 0;
    }
};

/// A copy of one of our standard handles that can be inherited; none when we have none.
OwnedHandle inheritable_copy(DWORD which) {
    HANDLE const self = ::GetCurrentProcess();
    HANDLE const handle = ::GetStdHandle(which);
    HANDLE copy = nullptr;
    if (handle == nullptr || handle == INVALID_HANDLE_VALUE ||
        ::DuplicateHandle(self, handle, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS) == 0) {
        return {};
    }
    return OwnedHandle(copy);
}

std::wstring number(HANDLE handle) { return std::to_wstring(reinterpret_cast<std::uintptr_t>(handle)); }

/// What the successor inherits, and nothing else.
struct Inherited {
    Pipe to_child;
    Pipe from_child;
    Pipe words;
    OwnedHandle input = inheritable_copy(STD_INPUT_HANDLE);
    OwnedHandle output = inheritable_copy(STD_OUTPUT_HANDLE);
    OwnedHandle error = inheritable_copy(STD_ERROR_HANDLE);

    bool open() { return to_child.open(false) && from_child.open(true) && words.open(true); }
    [[nodiscard]] std::vector<HANDLE> handles() const {
        std::vector<HANDLE> all;
        for (const OwnedHandle* const one : {&to_child.theirs, &from_child.theirs, &words.theirs, &input, &output, &error}) {
            if (one->is_open()) all.push_back(one->get());
        }
        return all;
    }
    [[nodiscard]] std::wstring names() const {
        return number(to_child.theirs.get()) + L":" + number(from_child.theirs.get()) + L":" + number(error.get());
    }
};

/// The list of handles in the form in which CreateProcess takes it.
class HandleList {
public:
    explicit HandleList(std::vector<HANDLE> handles) : handles_(std::move(handles)) {
        SIZE_T size = 0;
        ::InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
        memory_.resize(size);
        is_good_ = ::InitializeProcThreadAttributeList(list(), 1, 0, &size) != 0 &&
                   ::UpdateProcThreadAttribute(list(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles_.data(),
                                               handles_.size() * sizeof(HANDLE), nullptr, nullptr) != 0;
    }
    HandleList(const HandleList&) = delete;
    HandleList& operator=(const HandleList&) = delete;
    ~HandleList() {
        if (is_good_) ::DeleteProcThreadAttributeList(list());
    }
    [[nodiscard]] bool is_good() const { return is_good_; }
    [[nodiscard]] LPPROC_THREAD_ATTRIBUTE_LIST list() {
        return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data());
    }

private:
    std::vector<HANDLE> handles_;
    std::vector<char> memory_;
    bool is_good_ = false;
};

bool create_process(const Program& program, const Inherited& inherited, PROCESS_INFORMATION& process) {
    HandleList list(inherited.handles());
    if (!list.is_good()) return false;
    STARTUPINFOEXW start{};
    start.StartupInfo.cb = sizeof start;
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    start.StartupInfo.hStdInput = inherited.input.get();
    start.StartupInfo.hStdOutput = inherited.output.get();
    start.StartupInfo.hStdError = inherited.words.theirs.get();
    start.lpAttributeList = list.list();
    std::wstring line = command_line(program);
    // The block of variables is copied at the start; nobody else starts a process meanwhile.
    ::SetEnvironmentVariableW(successor_variable, inherited.names().c_str());
    const BOOL created = ::CreateProcessW(to_wide(program.path).c_str(), line.data(), nullptr, nullptr, TRUE,
                                          EXTENDED_STARTUPINFO_PRESENT, nullptr, nullptr, &start.StartupInfo, &process);
    const DWORD error = ::GetLastError();
    ::SetEnvironmentVariableW(successor_variable, nullptr);
    ::SetLastError(error);
    return created != 0;
}

}  // namespace

struct Successor::State {
    OwnedHandle process;
    DWORD pid = 0;
    MessagePipe pipe;
    OwnedHandle words;
    std::string last_words;
    bool is_let_go = false;

    void relay_words();
    [[nodiscard]] bool has_ended(DWORD wait_milliseconds) const {
        return ::WaitForSingleObject(process.get(), wait_milliseconds) == WAIT_OBJECT_0;
    }
    [[nodiscard]] Failure ended(const Error& error);
    void stop();
};

/// Passes on what it has written.
void Successor::State::relay_words() {
    std::string fresh;
    static_cast<void>(read_available(words.get(), fresh));
    if (fresh.empty()) return;
    DWORD written = 0;
    ::WriteFile(::GetStdHandle(STD_ERROR_HANDLE), fresh.data(), static_cast<DWORD>(fresh.size()), &written, nullptr);
    last_words.append(fresh);
    if (last_words.size() > most_last_words) last_words.erase(0, last_words.size() - most_last_words);
}

/// The pipe is at its end: mostly because the process is.
Failure Successor::State::ended(const Error& error) {
    const bool is_over = has_ended(time_to_end_milliseconds);
    relay_words();
    DWORD code = 0;
    if (!is_over || ::GetExitCodeProcess(process.get(), &code) == 0) return fail(error);
    return fail(system_error("it ended with exit code " + std::to_string(code), {}));
}

void Successor::State::stop() {
    if (!has_ended(0)) {
        ::TerminateProcess(process.get(), 1);
        static_cast<void>(has_ended(INFINITE));
    }
    relay_words();
}

Successor::Successor(std::unique_ptr<State> state) : state_(std::move(state)) {}

Successor::~Successor() {
    if (!state_->is_let_go) state_->stop();
}

Result<std::unique_ptr<Successor>> Successor::start(const Program& program) {
    Inherited inherited;
    PROCESS_INFORMATION process{};
    if (!inherited.open() || !create_process(program, inherited, process)) {
        return fail(system_error("starting " + program.path, last_system_error()));
    }
    ::CloseHandle(process.hThread);
    auto state = std::make_unique<State>();
    state->process.reset(process.hProcess);
    state->pid = process.dwProcessId;
    state->pipe = MessagePipe(std::move(inherited.from_child.ours), std::move(inherited.to_child.ours));
    state->words = std::move(inherited.words.ours);
    return std::unique_ptr<Successor>(new Successor(std::move(state)));
}

std::uint64_t Successor::pid() const { return state_->pid; }

Result<void> Successor::send(std::string_view text, std::span<const NativeSocket> sockets) {
    Result<void> sent = state_->pipe.send(text, sockets, state_->pid);
    return sent ? sent : state_->ended(sent.error());
}

Result<std::optional<HandoverMessage>> Successor::receive(milliseconds limit) {
    const SteadyClock::time_point end = SteadyClock::now() + limit;
    for (;;) {
        // Asked first: what it has said before its end is still there afterwards.
        const bool is_over = state_->has_ended(glance_milliseconds);
        Result<std::optional<HandoverMessage>> message = state_->pipe.receive();
        state_->relay_words();
        if (!message) return state_->ended(message.error());
        if (message->has_value()) return message;
        if (is_over) return state_->ended(system_error("the other process is gone", {}));
        if (SteadyClock::now() >= end) return std::nullopt;
    }
}

std::string Successor::stop() {
    state_->stop();
    return state_->last_words;
}

void Successor::let_go() {
    state_->relay_words();
    state_->is_let_go = true;
}

}  // namespace sluice::platform
