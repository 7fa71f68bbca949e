#include "platform/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "platform/accept_watch.hpp"
#include "platform/stream_socket.hpp"

namespace sluice::platform {
namespace {

/// What one turn takes; more waits until the wake-up and the end of the turn had theirs.
constexpr int events_per_turn = 256;
/// In the place of an event: it is an AcceptWatch's.
constexpr std::uint32_t watch_flag = std::uint32_t{1} << 31;
constexpr std::uint32_t bell_place = ~std::uint32_t{0};

int checked(int descriptor, const char* call) {
    if (descriptor < 0) throw std::system_error(errno, std::system_category(), call);
    return descriptor;
}

int whole_milliseconds(Duration duration) {
    const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
    return static_cast<int>(std::clamp<std::int64_t>(rounded_up, 0, 1'000'000));
}

}  // namespace

Reactor::Reactor(ReactorUser& user) : user_(user), set_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    bell_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    // Each ring is an edge, so that it need not be read.
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = bell_place;
    if (bell_ >= 0 && ::epoll_ctl(set_, EPOLL_CTL_ADD, bell_, &event) == 0) return;
    const int cause = errno;
    if (bell_ >= 0) ::close(bell_);
    ::close(set_);
    throw std::system_error(cause, std::system_category(), "eventfd");
}

Reactor::~Reactor() {
    ::close(bell_);
    ::close(set_);
}

std::uint32_t Reactor::enlist(StreamSocket& socket) {
    sockets_.push_back(&socket);
    return static_cast<std::uint32_t>(sockets_.size() - 1);
}

std::uint32_t Reactor::enlist(AcceptWatch& watch) {
    const auto place = std::ranges::find(watches_, nullptr);
    const auto index = static_cast<std::uint32_t>(place - watches_.begin());
    if (place == watches_.end()) {
        watches_.push_back(&watch);
    } else {
        *place = &watch;
    }
    return index | watch_flag;
}

void Reactor::delist(const AcceptWatch& watch) { watches_[watch.place_ & ~watch_flag] = nullptr; }

void Reactor::forget(StreamSocket& socket, std::uint32_t place) {
    std::erase(soon_, &socket);
    sockets_[place] = nullptr;
}

void Reactor::run() {
    thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    while (!is_stopping_.load(std::memory_order_acquire)) turn(patience());
    // The system may give the id to another thread.
    thread_.store({}, std::memory_order_relaxed);
}

bool Reactor::poll_for(Duration most) {
    const int wait = patience();
    const int limit = whole_milliseconds(most);
    return turn(wait < 0 ? limit : std::min(wait, limit));
}

void Reactor::leave() {
    std::ranges::fill(sockets_, nullptr);
    std::ranges::fill(watches_, nullptr);
    wake_ = TimePoint::max();
    is_wake_due_ = false;
}

void Reactor::stop() {
    is_stopping_.store(true, std::memory_order_release);
    ring();
}

void Reactor::post(std::function<void()> work) {
    // To the end: what it calls may be the last before this is destroyed.
    const std::scoped_lock lock(posts_mutex_);
    posts_.push_back(std::move(work));
    if (posts_.size() != 1) return;
    if (thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
        has_own_posts_ = true;
    } else {
        ring();
    }
}

void Reactor::ring() {
    // Only an overflow fails, behind which the bell has rung.
    [[maybe_unused]] const int is_heard = ::eventfd_write(bell_, 1);
}

/// How long the next wait may take, in the terms of epoll_wait(2).
int Reactor::patience() {
    int wait = -1;
    if (wake_ != TimePoint::max()) {
        const TimePoint now = Clock::now();
        is_wake_due_ = wake_ <= now;
        wait = whole_milliseconds(wake_ - now);
    }
    return soon_.empty() && !is_turn_ending_ && !has_own_posts_ ? wait : 0;
}

bool Reactor::turn(int milliseconds) {
    std::array<epoll_event, events_per_turn> events;
    const int count = ::epoll_wait(set_, events.data(), events_per_turn, milliseconds);
    for (int i = 0; i < count; ++i) tell(events[static_cast<std::size_t>(i)]);
    const bool is_wake = is_wake_due_ || (count == 0 && wake_ <= Clock::now());
    if (is_wake) wake();
    const bool is_more = !soon_.empty() || is_turn_ending_ || has_own_posts_;
    call_waiting();
    if (std::exchange(has_own_posts_, false)) run_posts();
    if (std::exchange(is_turn_ending_, false)) user_.on_turn_end();
    return count > 0 || is_wake || is_more;
}

void Reactor::tell(const epoll_event& event) {
    const auto place = static_cast<std::uint32_t>(event.data.u64);
    if (place == bell_place) {
        run_posts();
    } else if ((place & watch_flag) != 0) {
        // Stopped by what an event before this one has led to.
        AcceptWatch* const watch = watches_[place & ~watch_flag];
        if (watch != nullptr) watch->call_(watch->self_);
    } else {
        StreamSocket* const socket = sockets_[place];
        // Closed meanwhile; the place may have another socket by now.
        if (socket != nullptr && socket->generation_ == event.data.u64 >> 32) socket->on_events(event.events);
    }
}

void Reactor::wake() {
    is_wake_due_ = false;
    wake_ = TimePoint::max();
    user_.on_wake();
}

void Reactor::run_posts() {
    std::vector<std::function<void()>> posts = std::exchange(spare_posts_, {});
    {
        const std::scoped_lock lock(posts_mutex_);
        posts.swap(posts_);
    }
    for (const std::function<void()>& work : posts) work();
    posts.clear();
    spare_posts_ = std::move(posts);
}

void Reactor::call_soon(StreamSocket& socket) {
    if (std::exchange(socket.is_listed_, true)) return;
    soon_.push_back(&socket);
}

/// What is asked for meanwhile comes in the next turn.
void Reactor::call_waiting() {
    if (soon_.empty()) return;
    called_.swap(soon_);
    for (StreamSocket* const socket : called_) {
        socket->is_listed_ = false;
        socket->on_soon();
    }
    called_.clear();
}

}  // namespace sluice::platform
