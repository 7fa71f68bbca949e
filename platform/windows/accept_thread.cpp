#include "platform/accept_thread.hpp"

#include <atomic>
#include <thread>

#include "../windows/system_calls.hpp"
#include "platform/process_facts.hpp"
#include "platform/shared_listener.hpp"

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
    bool take_from(NativeSocket listener, bool& has_more);
};

bool AcceptThread::State::open_events(const std::vector<NativeSocket>& sockets) {
    events.push_back(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    if (events.back() == nullptr) return false;
    for (const NativeSocket socket : sockets) {
        // Resets itself; a connection that is left waiting signals again by the next accept() call.
        HANDLE const event = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
        events.push_back(event);
        listeners.push_back(socket);
        if (event == nullptr || ::WSAEventSelect(socket, event, FD_ACCEPT) != 0) return false;
    }
    return true;
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

/// Empties all queues, a burst of each in turn: an event tells of new connections once only. False
/// when descriptors have run out.
bool AcceptThread::State::take_round() {
    bool has_more = true;
    while (has_more && ::WaitForSingleObject(events.front(), 0) != WAIT_OBJECT_0) {
        has_more = false;
        for (const NativeSocket listener : listeners) {
            if (!take_from(listener, has_more)) return false;
        }
    }
    return true;
}

bool AcceptThread::State::take_from(NativeSocket listener, bool& has_more) {
    for (int taken = 0; taken < burst; ++taken) {
        Result<std::optional<Accepted>> accepted = accept_connection(listener);
        // A broken listener signals no more.
        if (!accepted) return !is_out_of_descriptors(accepted.error());
        if (!accepted->has_value()) return true;
        deliver(std::move(**accepted));
    }
    has_more = true;
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
