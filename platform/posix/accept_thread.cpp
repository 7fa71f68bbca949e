#include "platform/accept_thread.hpp"

#include <poll.h>

#include <atomic>
#include <thread>

#include "platform/process_facts.hpp"
#include "platform/shared_listener.hpp"
#include "posix/wake_pipe.hpp"

namespace sluice::platform {
namespace {

constexpr int pause_milliseconds = 100;
constexpr int wait_without_end = -1;
/// Connections taken from one listener before the others have their turn.
constexpr int burst = 64;

}  // namespace

struct AcceptThread::State {
    WakePipe wake;
    /// The wake pipe first, then the listeners.
    std::vector<pollfd> waits;
    Deliver deliver;
    std::atomic<std::uint64_t> pauses{0};
    std::thread thread;

    void run();
    bool wait_for_connections(bool paused);
    bool take_burst(pollfd& listener);
};

void AcceptThread::State::run() {
    set_thread_name("accept");
    bool paused = false;
    while (wait_for_connections(paused)) {
        paused = false;
        for (std::size_t i = 1; i < waits.size(); ++i) {
            if (waits[i].revents != 0 && !take_burst(waits[i])) paused = true;
        }
        if (paused) pauses.fetch_add(1, std::memory_order_relaxed);
    }
}

/// False when stop() has called. In a pause the listeners are not looked at: they stay readable,
/// and the thread would spin.
bool AcceptThread::State::wait_for_connections(bool paused) {
    if (paused) {
        ::poll(waits.data(), 1, pause_milliseconds);
        if (waits[0].revents != 0) return false;
    }
    // Fails only when a signal came in between; then no event is reported.
    if (::poll(waits.data(), static_cast<nfds_t>(waits.size()), wait_without_end) < 0) {
        for (pollfd& wait : waits) wait.revents = 0;
    }
    return waits[0].revents == 0;
}

/// False when descriptors have run out.
bool AcceptThread::State::take_burst(pollfd& listener) {
    for (int taken = 0; taken < burst; ++taken) {
        Result<std::optional<Accepted>> accepted = accept_connection(listener.fd);
        if (!accepted) {
            if (is_out_of_descriptors(accepted.error())) return false;
            // poll() passes over negative descriptors.
            listener.fd = -1;
            return true;
        }
        if (!accepted->has_value()) return true;
        deliver(std::move(**accepted));
    }
    return true;
}

AcceptThread::AcceptThread() : state_(std::make_unique<State>()) {}

AcceptThread::~AcceptThread() {
    stop();
}

Result<void> AcceptThread::start(const std::vector<NativeSocket>& listeners, Deliver deliver) {
    Result<void> opened = state_->wake.open();
    if (!opened) return opened;
    state_->deliver = std::move(deliver);
    state_->waits = {{.fd = state_->wake.read_end(), .events = POLLIN, .revents = 0}};
    for (const NativeSocket listener : listeners) {
        state_->waits.push_back({.fd = listener, .events = POLLIN, .revents = 0});
    }
    state_->thread = std::thread([state = state_.get()] { state->run(); });
    return {};
}

void AcceptThread::stop() {
    if (!state_->thread.joinable()) return;
    state_->wake.send(1);
    state_->thread.join();
    state_->wake.close();
}

std::uint64_t AcceptThread::pauses() const {
    return state_->pauses.load(std::memory_order_relaxed);
}

}  // namespace sluice::platform
