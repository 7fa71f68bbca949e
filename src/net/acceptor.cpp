#include "net/acceptor.hpp"

#include <asio/basic_socket_acceptor.hpp>

#include "net/async.hpp"

namespace sluice::net {
namespace {

/// Connections taken per event, so that a burst of new ones does not starve those that are there.
constexpr int most_per_event = 64;
constexpr std::chrono::milliseconds pause_without_descriptors{100};

}  // namespace

struct Acceptor::Waiter {
    explicit Waiter(asio::io_context& context) : socket(context) {}
    asio::basic_socket_acceptor<asio::generic::stream_protocol> socket;
};

Acceptor::Acceptor(Worker& worker, platform::OpenListener listener, const AcceptHandler& on_accept)
    : worker_(worker),
      listener_(std::move(listener)),
      on_accept_(on_accept) {}

Acceptor::~Acceptor() = default;

void Acceptor::start() {
    pause_.emplace(
        worker_.timers(), [](void* self) { static_cast<Acceptor*>(self)->wait(); }, this);
    waiter_ = std::make_unique<Waiter>(worker_.context());
    std::error_code error;
    waiter_->socket.assign(asio::generic::stream_protocol(AF_INET, 0), listener_.native_handle(), error);
    if (error) {
        waiter_.reset();
        return;
    }
    wait();
}

void Acceptor::take_waiting() {
    while (waiter_) {
        Result<std::optional<platform::Accepted>> accepted = platform::accept_connection(listener_.native_handle());
        if (!accepted || !accepted->has_value()) return;
        on_accept_(worker_, std::move(**accepted));
    }
}

platform::OpenListener Acceptor::stop() {
    pause_.reset();
    if (waiter_) {
        std::error_code ignored;
        // The listener owns the socket: Asio only gives up its registration.
        waiter_->socket.release(ignored);
        waiter_.reset();
    }
    return std::move(listener_);
}

void Acceptor::wait() {
    if (!waiter_) return;
    waiter_->socket.async_wait(asio::socket_base::wait_read,
                               [self = shared_from_this()](std::error_code error) {
                                   self->worker_.update_now();
                                   if (!error) self->accept_waiting();
                               });
}

void Acceptor::accept_waiting() {
    if (!waiter_) return;
    for (int taken = 0; taken < most_per_event; ++taken) {
        Result<std::optional<platform::Accepted>> accepted =
            platform::accept_connection(listener_.native_handle());
        if (!accepted) {
            pause_->set(worker_.now() + pause_without_descriptors);
            return;
        }
        if (!accepted->has_value()) break;
        on_accept_(worker_, std::move(**accepted));
        if (!waiter_) return;
    }
    wait();
}

}  // namespace sluice::net
