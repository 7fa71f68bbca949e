#include "net/listener.hpp"

#include <algorithm>
#include <latch>
#include <vector>

#include "net/acceptor.hpp"
#include "platform/accept_thread.hpp"

namespace sluice::net {

struct Listener::Shared {
    std::vector<Worker*> workers;
    /// All of one strategy: a socket per worker, or a single one.
    std::vector<platform::OpenListener> sockets;
    platform::ListenAddress address;
    bool hand_over = false;
    AcceptHandler on_accept;
    std::vector<std::shared_ptr<Acceptor>> acceptors;
    platform::AcceptThread accept_thread;

    void deliver(platform::Accepted accepted) {
        const auto least = std::ranges::min_element(workers, {}, &Worker::load);
        Worker& worker = **least;
        // Counted here already, so that a burst does not all go to one worker; the session takes it over.
        worker.add_load(1);
        auto shared = std::make_shared<platform::Accepted>(std::move(accepted));
        worker.post([this, &worker, shared] {
            worker.add_load(-1);
            on_accept(worker, std::move(*shared));
        });
    }
};

Listener::Listener(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}
Listener::~Listener() { stop(); }

Result<std::unique_ptr<Listener>> Listener::open(const platform::ListenAddress& address,
                                                 std::uint32_t backlog,
                                                 std::span<Worker* const> workers) {
    auto shared = std::make_unique<Shared>();
    shared->workers.assign(workers.begin(), workers.end());
    shared->hand_over = sharing_strategy(address) == platform::SharingStrategy::HandOver;
    Result<platform::OpenListener> first = platform::open_listener(address, backlog);
    if (!first) return fail(std::move(first.error()));
    shared->address = first->address();
    shared->sockets.push_back(std::move(*first));
    while (!shared->hand_over && shared->sockets.size() < workers.size()) {
        Result<platform::OpenListener> next =
            platform::open_sibling(shared->sockets.front(), backlog);
        if (!next) return fail(std::move(next.error()));
        shared->sockets.push_back(std::move(*next));
    }
    return std::unique_ptr<Listener>(new Listener(std::move(shared)));
}

const platform::ListenAddress& Listener::address() const { return shared_->address; }

Result<void> Listener::start(AcceptHandler on_accept) {
    shared_->on_accept = std::move(on_accept);
    if (shared_->hand_over) {
        std::vector<platform::NativeSocket> handles;
        for (const platform::OpenListener& socket : shared_->sockets) {
            handles.push_back(socket.native_handle());
        }
        Shared* const shared = shared_.get();
        return shared_->accept_thread.start(
            handles, [shared](platform::Accepted accepted) { shared->deliver(std::move(accepted)); });
    }
    for (std::size_t i = 0; i < shared_->sockets.size(); ++i) {
        auto acceptor = std::make_shared<Acceptor>(
            *shared_->workers[i], std::move(shared_->sockets[i]), shared_->on_accept);
        shared_->acceptors.push_back(acceptor);
        acceptor->worker().post([acceptor] { acceptor->start(); });
    }
    shared_->sockets.clear();
    return {};
}

void Listener::stop() {
    shared_->accept_thread.stop();
    shared_->sockets.clear();
    // Returns when every worker has let go, so that what the handler refers to may end.
    std::latch stopped(static_cast<std::ptrdiff_t>(shared_->acceptors.size()));
    for (const std::shared_ptr<Acceptor>& acceptor : shared_->acceptors) {
        acceptor->worker().post([acceptor, &stopped] {
            acceptor->stop();
            stopped.count_down();
        });
    }
    stopped.wait();
    shared_->acceptors.clear();
}

}  // namespace sluice::net
