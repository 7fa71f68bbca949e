#include "platform/successor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "posix/inherited_descriptors.hpp"
#include "posix/message_channel.hpp"
#include "posix/system_calls.hpp"
#include "posix/wake_pipe.hpp"

extern char** environ;

namespace sluice::platform {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t most_last_words = 4096;
/// Above those that the child gets, so that none overwrites another on the way.
constexpr int least_parked = 10;
/// For the end of a process whose channel has ended already.
constexpr milliseconds time_to_end{1000};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

std::vector<std::string> environment_of_successor() {
    const std::string name = std::string(successor_variable) + "=";
    std::vector<std::string> variables{name + successor_value};
    for (char** variable = environ; *variable != nullptr; ++variable) {
        if (!std::string_view(*variable).starts_with(name)) variables.emplace_back(*variable);
    }
    return variables;
}

std::string describe_end(int status) {
    if (WIFEXITED(status)) return "it ended with exit code " + std::to_string(WEXITSTATUS(status));
    return "it was ended by signal " + std::to_string(WTERMSIG(status));
}

OwnedSocket park(int descriptor) { return OwnedSocket(::fcntl(descriptor, F_DUPFD_CLOEXEC, least_parked)); }

/// What posix_spawn is told.
class SpawnOrders {
public:
    SpawnOrders() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
    }
    SpawnOrders(const SpawnOrders&) = delete;
    SpawnOrders& operator=(const SpawnOrders&) = delete;
    ~SpawnOrders() {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&actions_);
    }

    bool prepare(int channel, int standard_error, int new_standard_error) {
        sigset_t none;
        sigemptyset(&none);
        // Ignored signals would stay so.
        sigset_t defaults;
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE);
        return ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 &&
               ::posix_spawnattr_setsigmask(&attributes_, &none) == 0 &&
               ::posix_spawnattr_setsigdefault(&attributes_, &defaults) == 0 &&
               ::posix_spawn_file_actions_adddup2(&actions_, channel, inherited_channel) == 0 &&
               ::posix_spawn_file_actions_adddup2(&actions_, standard_error, inherited_standard_error) == 0 &&
               ::posix_spawn_file_actions_adddup2(&actions_, new_standard_error, STDERR_FILENO) == 0 &&
               inherit_nothing_else(attributes_, actions_);
    }

    /// An error number.
    int run(const Program& program, pid_t& pid) {
        std::vector<std::string> arguments = program.arguments;
        std::vector<std::string> variables = environment_of_successor();
        return ::posix_spawn(&pid, program.path.c_str(), &actions_, &attributes_, pointers(arguments).data(),
                             pointers(variables).data());
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

struct Successor::State {
    pid_t pid = 0;
    MessageChannel channel;
    /// The read end is what it writes to its standard error.
    WakePipe words;
    std::string last_words;
    bool is_let_go = false;
    bool has_ended = false;
    int status = 0;

    void relay_words();
    void await_input(milliseconds limit);
    bool look_for_end();
    void stop();
    [[nodiscard]] Failure ended(const Error& error);
};

/// Passes on what it has written.
void Successor::State::relay_words() {
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t got = ::read(words.read_end(), buffer.data(), buffer.size());
        if (got <= 0) return;
        const auto size = static_cast<std::size_t>(got);
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, buffer.data(), size);
        last_words.append(buffer.data(), size);
        if (last_words.size() > most_last_words) last_words.erase(0, last_words.size() - most_last_words);
    }
}

void Successor::State::await_input(milliseconds limit) {
    std::array<pollfd, 2> waits{{{.fd = channel.descriptor(), .events = POLLIN, .revents = 0},
                                 {.fd = words.read_end(), .events = POLLIN, .revents = 0}}};
    ::poll(waits.data(), waits.size(), static_cast<int>(limit.count()));
    relay_words();
    // Its end was closed: it would be reported for ever.
    if ((waits[1].revents & POLLHUP) != 0) words.close();
}

bool Successor::State::look_for_end() {
    if (!has_ended) has_ended = ::waitpid(pid, &status, WNOHANG) == pid;
    return has_ended;
}

void Successor::State::stop() {
    if (!look_for_end()) {
        ::kill(pid, SIGKILL);
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        has_ended = true;
    }
    relay_words();
}

/// The channel is at its end: mostly because the process is.
Failure Successor::State::ended(const Error& error) {
    const SteadyClock::time_point end = SteadyClock::now() + time_to_end;
    while (!look_for_end() && SteadyClock::now() < end) ::poll(nullptr, 0, 5);
    relay_words();
    if (!has_ended) return fail(error);
    return fail(system_error(describe_end(status), {}));
}

Successor::Successor(std::unique_ptr<State> state) : state_(std::move(state)) {}

Successor::~Successor() {
    if (!state_->is_let_go) state_->stop();
}

Result<std::unique_ptr<Successor>> Successor::start(const Program& program) {
    auto state = std::make_unique<State>();
    Result<ChannelPair> pair = open_channel_pair();
    if (!pair) return fail(std::move(pair.error()));
    Result<void> opened = state->words.open();
    if (!opened) return fail(std::move(opened.error()));
    const OwnedSocket channel = park(pair->theirs.get());
    const OwnedSocket standard_error = park(STDERR_FILENO);
    const OwnedSocket words = park(state->words.write_end());
    SpawnOrders orders;
    if (!channel.is_open() || !words.is_open() ||
        !orders.prepare(channel.get(), standard_error.is_open() ? standard_error.get() : words.get(), words.get())) {
        return fail(system_error("preparing the start of " + program.path, last_error()));
    }
    // Writers to a standard error wait where it is full; the flag is the pipe's, so it must not be non-blocking.
    ::fcntl(words.get(), F_SETFL, ::fcntl(words.get(), F_GETFL) & ~O_NONBLOCK);
    const int error = orders.run(program, state->pid);
    if (error != 0) return fail(system_error("starting " + program.path, {error, std::system_category()}));
    state->words.close_write_end();
    state->channel = MessageChannel(std::move(pair->ours));
    return std::unique_ptr<Successor>(new Successor(std::move(state)));
}

std::uint64_t Successor::pid() const { return static_cast<std::uint64_t>(state_->pid); }

Result<void> Successor::send(std::string_view text, std::span<const NativeSocket> sockets) {
    Result<void> sent = state_->channel.send(text, sockets);
    return sent ? sent : state_->ended(sent.error());
}

Result<std::optional<HandoverMessage>> Successor::receive(milliseconds limit) {
    const SteadyClock::time_point end = SteadyClock::now() + limit;
    for (;;) {
        Result<std::optional<HandoverMessage>> message = state_->channel.receive();
        if (!message) return state_->ended(message.error());
        if (message->has_value()) return message;
        const auto left = std::chrono::ceil<milliseconds>(end - SteadyClock::now());
        if (left <= milliseconds{0}) return std::nullopt;
        state_->await_input(left);
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
