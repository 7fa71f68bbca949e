#include "platform/accept_thread.hpp"

#include <atomic>
#include <thread>

#include "platform/process_facts.hpp"
#include "platform/shared_listener.hpp"
#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

constexpr DWORD pause_milliseconds = 100;
/// Connections taken from one listener before the others have their turn.
constexpr int burst = 64;

}  // namespace

struct AcceptThread::State {
    /// The stop event first, then one event for each listener.
    std::vector<HANDLE> events;
    std::vector<NativeSocket> listeners;
    Deliver deliver;
    std::atomic<std::uint64_t> pauses{0};
    std::thread thread;

    ~State() { close_events(); }
    bool open_events(const std::vector<NativeSocket>& sockets);
    void close_events();
    void run();
    bool take_round();
    bool take_burst(NativeSocket listener);
    bool arm(std::size_t index);
};

bool AcceptThread::State::open_events(const std::vector<NativeSocket>& sockets) {
    events.push_back(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    if (events.back() == nullptr) return false;
    for (const NativeSocket socket : sockets) {
        constexpr BOOL resets_itself = FALSE;
        events.push_back(::CreateEventW(nullptr, resets_itself, FALSE, nullptr));
        listeners.push_back(socket);
        if (events.back() == nullptr || !arm(listeners.size() - 1)) return false;
    }
    return true;
}

/// Asks for the event of a listener anew: it is set at once when a connection waits already.
/// Windows would do without, since each accept() asks too; but under Wine one that finds nothing
/// does not, and an event that came too late for the accept() before it silenced the listener for
/// good.
bool AcceptThread::State::arm(std::size_t index) {
    return ::WSAEventSelect(listeners[index], events[index + 1], FD_ACCEPT) == 0;
}

void AcceptThread::State::close_events() {
    for (const NativeSocket listener : listeners) ::WSAEventSelect(listener, nullptr, 0);
    for (HANDLE const event : events) {
        if (event != nullptr) ::CloseHandle(event);
    }
    listeners.clear();
    events.clear();
}

void AcceptThread::State::run() {
    set_thread_name("accept");
    const auto count = static_cast<DWORD>(events.size());
    DWORD timeout = INFINITE;
    while (true) {
        // In a pause only the stop event is waited for: the others would keep the thread spinning.
        const DWORD watched = timeout == INFINITE ? count : 1;
        const DWORD outcome = ::WaitForMultipleObjects(watched, events.data(), FALSE, timeout);
        if (outcome == WAIT_OBJECT_0 || outcome == WAIT_FAILED) return;
        timeout = take_round() ? INFINITE : pause_milliseconds;
        if (timeout != INFINITE) pauses.fetch_add(1, std::memory_order_relaxed);
    }
}

/// A burst of each in turn. False when descriptors have run out.
bool AcceptThread::State::take_round() {
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        if (!take_burst(listeners[i])) return false;
        arm(i);
    }
    return true;
}

bool AcceptThread::State::take_burst(NativeSocket listener) {
    for (int taken = 0; taken < burst; ++taken) {
        Result<std::optional<Accepted>> accepted = accept_connection(listener);
        // A broken listener signals no more.
        if (!accepted) return !is_out_of_descriptors(accepted.error());
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
    if (!state_->open_events(listeners)) {
        Error error = system_error("watching listeners", last_socket_error());
        state_->close_events();
        return fail(std::move(error));
    }
    state_->deliver = std::move(deliver);
    state_->thread = std::thread([state = state_.get()] { state->run(); });
    return {};
}

void AcceptThread::stop() {
    if (!state_->thread.joinable()) return;
    ::SetEvent(state_->events.front());
    state_->thread.join();
    state_->close_events();
}

std::uint64_t AcceptThread::pauses() const {
    return state_->pauses.load(std::memory_order_relaxed);
}

}  // namespace sluice::platform
