#include "platform/accept_watch.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

namespace sluice::platform {

void AcceptWatch::start(NativeSocket socket, std::error_code& error) {
    place_ = reactor_.enlist(*this);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = place_;
    if (::epoll_ctl(reactor_.set(), EPOLL_CTL_ADD, socket, &event) != 0) {
        error.assign(errno, std::system_category());
        reactor_.delist(*this);
        return;
    }
    error.clear();
    socket_ = socket;
}

void AcceptWatch::resume() { change(EPOLLIN); }

void AcceptWatch::change(std::uint32_t events) {
    if (socket_ == no_socket) return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = place_;
    ::epoll_ctl(reactor_.set(), EPOLL_CTL_MOD, socket_, &event);
}

void AcceptWatch::stop() {
    if (socket_ == no_socket) return;
    ::epoll_ctl(reactor_.set(), EPOLL_CTL_DEL, std::exchange(socket_, no_socket), nullptr);
    reactor_.delist(*this);
}

}  // namespace sluice::platform
