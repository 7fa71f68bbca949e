#pragma once

#include <memory>
#include <system_error>

#include "platform/native_socket.hpp"
#include "platform/reactor.hpp"

namespace sluice::platform {

/// Waits of Asio's, one after the other; platform/accept_watch.hpp has the contract.
class AcceptWatch {
public:
    using Call = void (*)(void* self);

    AcceptWatch(Reactor& reactor, Call call, void* self) : reactor_(reactor), call_(call), self_(self) {}
    AcceptWatch(const AcceptWatch&) = delete;
    AcceptWatch& operator=(const AcceptWatch&) = delete;

    void start(NativeSocket socket, std::error_code& error);
    void pause();
    void resume();
    void stop();

private:
    struct Watched;

    Reactor& reactor_;
    Call call_;
    void* self_;
    /// Shared with the wait, which may end after the watch.
    std::shared_ptr<Watched> watched_;
};

}  // namespace sluice::platform
