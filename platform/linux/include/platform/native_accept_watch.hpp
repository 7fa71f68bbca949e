#pragma once

#include <cstdint>
#include <system_error>

#include "platform/native_socket.hpp"
#include "platform/reactor.hpp"

namespace sluice::platform {

/// Level-triggered in the reactor's epoll set: no call of the system is needed to be told again. platform/accept_watch.hpp has the contract.
class AcceptWatch {
public:
    using Call = void (*)(void* self);

    AcceptWatch(Reactor& reactor, Call call, void* self) : reactor_(reactor), call_(call), self_(self) {}
    AcceptWatch(const AcceptWatch&) = delete;
    AcceptWatch& operator=(const AcceptWatch&) = delete;

    void start(NativeSocket socket, std::error_code& error);
    void pause() { change(0); }
    void resume();
    void stop();

private:
    friend class Reactor;
    void change(std::uint32_t events);

    Reactor& reactor_;
    Call call_;
    void* self_;
    NativeSocket socket_ = no_socket;
    std::uint32_t place_ = 0;
};

}  // namespace sluice::platform
