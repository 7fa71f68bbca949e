#include "platform/signals.hpp"

#include <poll.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include "platform/process_facts.hpp"
#include "posix/system_calls.hpp"
#include "posix/wake_pipe.hpp"

namespace sluice::platform {
namespace {

struct KnownSignal {
    int number;
    std::string_view name;
};

constexpr std::array<KnownSignal, 5> known_signals{{{SIGTERM, "SIGTERM"},
                                                    {SIGINT, "SIGINT"},
                                                    {SIGHUP, "SIGHUP"},
                                                    {SIGUSR1, "SIGUSR1"},
                                                    {SIGUSR2, "SIGUSR2"}}};

constexpr unsigned char end_of_thread = 0;

/// The active source's pipe. A handler may do little more than write(): the thread of the source
/// does the rest.
std::atomic<const WakePipe*> active_pipe{nullptr};
static_assert(std::atomic<const WakePipe*>::is_always_lock_free, "used in a signal handler");

extern "C" void sluice_forward_signal(int number) {
    const int saved_error = errno;
    const WakePipe* pipe = active_pipe.load(std::memory_order_acquire);
    if (pipe != nullptr) pipe->send(static_cast<unsigned char>(number));
    errno = saved_error;
}

std::string_view name_of_signal(int number) {
    for (const KnownSignal& known : known_signals) {
        if (known.number == number) return known.name;
    }
    return "signal";
}

}  // namespace

struct SignalSource::State {
    SignalHandlers handlers;
    WakePipe pipe;
    int stops = 0;
    std::thread thread;
    bool is_active = false;
    std::array<struct sigaction, known_signals.size()> replaced{};
    struct sigaction replaced_pipe {};

    void run();
    void handle(int number);
    bool install();
    void restore();
};

void SignalSource::State::run() {
    set_thread_name("signals");
    pollfd wait{.fd = pipe.read_end(), .events = POLLIN, .revents = 0};
    while (true) {
        ::poll(&wait, 1, -1);
        while (const std::optional<unsigned char> byte = pipe.receive()) {
            if (*byte == end_of_thread) return;
            handle(*byte);
        }
    }
}

void SignalSource::State::handle(int number) {
    if (number == SIGHUP) {
        if (handlers.reload_requested) handlers.reload_requested(name_of_signal(number));
        return;
    }
    if (number == SIGUSR1) {
        if (handlers.reopen_requested) handlers.reopen_requested(name_of_signal(number));
        return;
    }
    if (number == SIGUSR2) {
        if (handlers.upgrade_requested) handlers.upgrade_requested(name_of_signal(number));
        return;
    }
    ++stops;
    if (handlers.stop_requested) handlers.stop_requested(stops, name_of_signal(number));
}

bool SignalSource::State::install() {
    struct sigaction action {};
    action.sa_handler = sluice_forward_signal;
    action.sa_flags = SA_RESTART;
    // A macro on macOS.
    sigemptyset(&action.sa_mask);
    bool is_installed = true;
    for (std::size_t i = 0; i < known_signals.size(); ++i) {
        is_installed &= ::sigaction(known_signals[i].number, &action, &replaced[i]) == 0;
    }
    action.sa_handler = SIG_IGN;
    return is_installed && ::sigaction(SIGPIPE, &action, &replaced_pipe) == 0;
}

void SignalSource::State::restore() {
    for (std::size_t i = 0; i < known_signals.size(); ++i) {
        ::sigaction(known_signals[i].number, &replaced[i], nullptr);
    }
    ::sigaction(SIGPIPE, &replaced_pipe, nullptr);
    active_pipe.store(nullptr, std::memory_order_release);
}

SignalSource::SignalSource() : state_(std::make_unique<State>()) {}

SignalSource::~SignalSource() {
    if (!state_->is_active) return;
    state_->restore();
    state_->pipe.send(end_of_thread);
    state_->thread.join();
}

Result<void> SignalSource::start(SignalHandlers handlers) {
    Result<void> opened = state_->pipe.open();
    if (!opened) return opened;
    const WakePipe* none = nullptr;
    if (!active_pipe.compare_exchange_strong(none, &state_->pipe)) {
        return fail(system_error("a signal source is active already",
                                 std::make_error_code(std::errc::device_or_resource_busy)));
    }
    state_->handlers = std::move(handlers);
    if (!state_->install()) {
        const std::error_code cause = last_error();
        state_->restore();
        return fail(system_error("installing signal handlers", cause));
    }
    state_->is_active = true;
    state_->thread = std::thread([state = state_.get()] { state->run(); });
    return {};
}

void SignalSource::finished() {}

}  // namespace sluice::platform
