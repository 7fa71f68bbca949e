#include <sys/epoll.h>

#include <array>
#include <asio/post.hpp>
#include <cerrno>
#include <utility>

#include "platform/stream_socket.hpp"

namespace sluice::platform {
namespace {

/// What one turn takes; more waits until the acceptor, timers and posts had theirs.
constexpr int events_per_turn = 256;

int open_set() {
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
    return set;
}

}  // namespace

struct StreamPoller::Ready {
    using allocator_type = OperationAllocator<void>;
    StreamPoller* poller;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(poller->memory_); }
    void operator()(std::error_code error) { poller->on_ready(error); }
};

StreamPoller::StreamPoller(asio::io_context& context) : context_(context), set_(context, open_set()) { wait(); }

std::uint32_t StreamPoller::enlist(StreamSocket& socket) {
    sockets_.push_back(&socket);
    return static_cast<std::uint32_t>(sockets_.size() - 1);
}

void StreamPoller::stop() {
    is_stopped_ = true;
    std::error_code ignored;
    set_.cancel(ignored);
}

void StreamPoller::wait() { set_.async_wait(asio::posix::descriptor_base::wait_read, Ready{this}); }

void StreamPoller::on_ready(std::error_code error) {
    if (error || is_stopped_) return;
    std::array<epoll_event, events_per_turn> events;
    const int count = ::epoll_wait(set(), events.data(), events_per_turn, 0);
    for (int i = 0; i < count; ++i) {
        const std::uint64_t name = events[static_cast<std::size_t>(i)].data.u64;
        StreamSocket& socket = *sockets_[static_cast<std::uint32_t>(name)];
        // Closed by what an event before this one has led to; the place may have another socket by now.
        if (socket.generation_ != name >> 32) continue;
        socket.on_events(events[static_cast<std::size_t>(i)].events);
    }
    wait();
}

void StreamPoller::call_soon(StreamSocket& socket) {
    if (std::exchange(socket.is_listed_, true)) return;
    soon_.push_back(&socket);
    if (std::exchange(is_posted_, true)) return;
    asio::post(context_, [this] { call_waiting(); });
}

/// What is asked for meanwhile comes in the next turn.
void StreamPoller::call_waiting() {
    is_posted_ = false;
    called_.swap(soon_);
    for (StreamSocket* const socket : called_) {
        socket->is_listed_ = false;
        socket->on_soon();
    }
    called_.clear();
}

}  // namespace sluice::platform
