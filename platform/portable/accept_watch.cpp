#include "platform/accept_watch.hpp"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>

namespace sluice::platform {

struct AcceptWatch::Watched : std::enable_shared_from_this<Watched> {
    Watched(asio::io_context& context, Call the_call, void* the_self) : socket(context), call(the_call), self(the_self) {}

    void wait() {
        if (is_waiting || is_paused || is_stopped) return;
        is_waiting = true;
        socket.async_wait(asio::socket_base::wait_read, [watched = shared_from_this()](std::error_code error) {
            watched->is_waiting = false;
            if (error || watched->is_paused || watched->is_stopped) return;
            watched->call(watched->self);
            watched->wait();
        });
    }

    asio::basic_socket_acceptor<asio::generic::stream_protocol> socket;
    Call call;
    void* self;
    bool is_waiting = false;
    bool is_paused = false;
    bool is_stopped = false;
};

void AcceptWatch::start(NativeSocket socket, std::error_code& error) {
    // Asio's kqueue would take it and never tell.
    if (socket == no_socket) {
        error = asio::error::bad_descriptor;
        return;
    }
    auto watched = std::make_shared<Watched>(reactor_.context_, call_, self_);
    // The family only matters for opening sockets; this one is open.
    watched->socket.assign(asio::generic::stream_protocol(AF_INET, 0), socket, error);
    if (error) return;
    watched_ = std::move(watched);
    watched_->wait();
}

void AcceptWatch::pause() {
    if (watched_) watched_->is_paused = true;
}

void AcceptWatch::resume() {
    if (!watched_) return;
    watched_->is_paused = false;
    watched_->wait();
}

void AcceptWatch::stop() {
    if (!watched_) return;
    watched_->is_stopped = true;
    std::error_code ignored;
    // Asio only gives up its registration.
    watched_->socket.release(ignored);
    watched_.reset();
}

}  // namespace sluice::platform
