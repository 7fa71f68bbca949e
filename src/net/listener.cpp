#include "net/listener.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/countdown.hpp"
#include "net/acceptor.hpp"
#include "platform/accept_thread.hpp"

namespace sluice::net {

struct Listener::Shared {
    /// Under the mutex where connections are handed over, since the accept thread looks at them.
    std::mutex mutex;
    std::vector<Worker*> workers;
    std::uint32_t backlog = 0;
    /// All of one strategy: a socket per worker, or a single one.
    std::vector<platform::OpenListener> sockets;
    platform::ListenAddress address;
    bool hand_over = false;
    bool is_kept = false;
    /// Connections that were handed over take a copy with them: they may come to their worker when the listener has gone.
    std::shared_ptr<const AcceptHandler> on_accept;
    TroubleHandler on_trouble;
    std::vector<std::shared_ptr<Acceptor>> acceptors;
    platform::AcceptThread accept_thread;

    void deliver(platform::Accepted accepted) {
        // Until it is posted: a worker that is taken off the list afterwards still gets it before it hears that it is to end.
        const std::scoped_lock lock(mutex);
        const auto least = std::ranges::min_element(workers, {}, &Worker::load);
        Worker& worker = **least;
        // Counted here already, so that a burst does not all go to one worker; the session takes it over.
        worker.add_load(1);
        auto shared = std::make_shared<platform::Accepted>(std::move(accepted));
        worker.post([handler = on_accept, &worker, shared] {
            worker.add_load(-1);
            (*handler)(worker, std::move(*shared));
        });
    }

    [[nodiscard]] Result<void> open_siblings();
    void start_acceptors();
    /// What becomes of connections that wait to be accepted.
    enum class Waiting : std::uint8_t { Stays, IsTaken };
    void stop_acceptors(Waiting waiting);
};

/// A socket for every worker, where each has its own.
Result<void> Listener::Shared::open_siblings() {
    while (!hand_over && sockets.size() < workers.size()) {
        Result<platform::OpenListener> next = platform::open_sibling(sockets.front(), backlog);
        if (!next) return fail(std::move(next.error()));
        sockets.push_back(std::move(*next));
    }
    return {};
}

/// Gives every worker a socket, or some of them several.
void Listener::Shared::start_acceptors() {
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        auto acceptor = std::make_shared<Acceptor>(*workers[i % workers.size()], std::move(sockets[i]), *on_accept, on_trouble);
        acceptors.push_back(acceptor);
        acceptor->worker().post([acceptor] { acceptor->start(); });
    }
    sockets.clear();
}

/// Takes the sockets back. Returns when every worker has let go, so that what the handler refers to may end.
void Listener::Shared::stop_acceptors(Waiting waiting) {
    Countdown stopped(acceptors.size());
    std::vector<platform::OpenListener> returned(acceptors.size());
    for (std::size_t i = 0; i < acceptors.size(); ++i) {
        acceptors[i]->worker().post([acceptor = acceptors[i], waiting, &stopped, &socket = returned[i]] {
            if (waiting == Waiting::IsTaken) acceptor->take_waiting();
            socket = acceptor->stop();
            stopped.count_down();
        });
    }
    stopped.wait();
    acceptors.clear();
    for (platform::OpenListener& socket : returned) sockets.push_back(std::move(socket));
}

Listener::Listener(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}
Listener::~Listener() { stop(); }

Result<std::unique_ptr<Listener>> Listener::open(const platform::ListenAddress& address,
                                                 std::uint32_t backlog,
                                                 std::span<Worker* const> workers) {
    auto shared = std::make_unique<Shared>();
    shared->workers.assign(workers.begin(), workers.end());
    shared->backlog = backlog;
    shared->hand_over = sharing_strategy(address) == platform::SharingStrategy::HandOver;
    Result<platform::OpenListener> first = platform::open_listener(address, backlog);
    if (!first) return fail(std::move(first.error()));
    shared->address = first->address();
    shared->sockets.push_back(std::move(*first));
    return std::unique_ptr<Listener>(new Listener(std::move(shared)));
}

std::unique_ptr<Listener> Listener::adopt(const platform::ListenAddress& address,
                                          std::vector<platform::OwnedSocket> sockets, std::uint32_t backlog,
                                          Keeper keeper) {
    auto shared = std::make_unique<Shared>();
    shared->backlog = backlog;
    shared->is_kept = keeper == Keeper::ServiceManager;
    shared->hand_over = shared->is_kept || sharing_strategy(address) == platform::SharingStrategy::HandOver;
    shared->address = address;
    for (platform::OwnedSocket& socket : sockets) {
        shared->sockets.emplace_back(std::move(socket), address);
        shared->sockets.back().share();
    }
    return std::unique_ptr<Listener>(new Listener(std::move(shared)));
}

const platform::ListenAddress& Listener::address() const { return shared_->address; }

Result<void> Listener::start(AcceptHandler on_accept, TroubleHandler on_trouble) {
    shared_->on_trouble = std::move(on_trouble);
    shared_->on_accept = std::make_shared<const AcceptHandler>(std::move(on_accept));
    return resume();
}

Result<void> Listener::resume() {
    if (shared_->hand_over) {
        std::vector<platform::NativeSocket> handles;
        for (const platform::OpenListener& socket : shared_->sockets) {
            handles.push_back(socket.native_handle());
        }
        Shared* const shared = shared_.get();
        return shared_->accept_thread.start(
            handles, [shared](platform::Accepted accepted) { shared->deliver(std::move(accepted)); });
    }
    Result<void> opened = shared_->open_siblings();
    if (opened) shared_->start_acceptors();
    return opened;
}

Result<void> Listener::use(std::span<Worker* const> workers) {
    Shared& shared = *shared_;
    if (std::ranges::equal(workers, shared.workers)) return {};
    if (shared.hand_over) {
        const std::scoped_lock lock(shared.mutex);
        shared.workers.assign(workers.begin(), workers.end());
        return {};
    }
    shared.stop_acceptors(Shared::Waiting::Stays);
    shared.workers.assign(workers.begin(), workers.end());
    if (!shared.on_accept) return {};
    Result<void> opened = shared.open_siblings();
    shared.start_acceptors();
    return opened;
}

void Listener::pause() {
    shared_->accept_thread.stop();
    shared_->stop_acceptors(Shared::Waiting::Stays);
}

std::vector<platform::NativeSocket> Listener::handles() const {
    std::vector<platform::NativeSocket> handles;
    for (const platform::OpenListener& socket : shared_->sockets) handles.push_back(socket.native_handle());
    for (const auto& acceptor : shared_->acceptors) handles.push_back(acceptor->native_handle());
    return handles;
}

void Listener::leave() {
    for (platform::OpenListener& socket : shared_->sockets) socket.leave();
    shared_->sockets.clear();
}

bool Listener::is_kept() const { return shared_->is_kept; }

void Listener::claim() {
    if (shared_->is_kept) return;
    for (platform::OpenListener& socket : shared_->sockets) socket.claim();
}

void Listener::stop() {
    shared_->accept_thread.stop();
    shared_->stop_acceptors(Shared::Waiting::IsTaken);
    shared_->sockets.clear();
}

}  // namespace sluice::net
