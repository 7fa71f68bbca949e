#include "platform/reactor.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client.hpp"
#include "platform/accept_watch.hpp"
#include "platform/shared_listener.hpp"

using namespace sluice;
using platform::AcceptWatch;
using platform::Reactor;

namespace {

constexpr std::chrono::seconds patience{20};

struct User final : platform::ReactorUser {
    void on_wake() override {
        if (wake) wake();
    }
    void on_turn_end() override {
        if (turn_end) turn_end();
    }
    std::function<void()> wake;
    std::function<void()> turn_end;
};

/// Goes on until it is true, or for as long as patience lasts.
bool run_until(Reactor& reactor, const std::function<bool()>& is_true) {
    const TimePoint end = Clock::now() + patience;
    while (!is_true() && Clock::now() < end) static_cast<void>(reactor.poll_for(std::chrono::seconds{1}));
    return is_true();
}

struct Watched {
    explicit Watched(Reactor& reactor) : watch(reactor, [](void* self) { static_cast<Watched*>(self)->called(); }, this) {}

    void called() {
        ++calls;
        if (on_call) on_call();
    }

    int calls = 0;
    std::function<void()> on_call;
    AcceptWatch watch;
};

/// Elsewhere a thread accepts, and nothing is watched.
bool workers_accept() { return sharing_strategy(platform::any_loopback_port()) == platform::SharingStrategy::SocketPerWorker; }

platform::OpenListener open_port() {
    Result<platform::OpenListener> listener = open_listener(platform::any_loopback_port(), 8);
    REQUIRE(listener);
    return std::move(*listener);
}

bool accept_one(const platform::OpenListener& listener) {
    Result<std::optional<platform::Accepted>> accepted = platform::accept_connection(listener.native_handle());
    return accepted && accepted->has_value();
}

}  // namespace

TEST_CASE("What other threads post runs on the loop's thread, in the order of each, and a stop ends the loop", "[reactor]") {
    User user;
    Reactor reactor(user);
    std::string order;
    std::thread::id ran_on;
    std::thread loop([&] { reactor.run(); });
    const std::thread::id loop_id = loop.get_id();
    std::promise<void> done;
    for (const char letter : std::string("abc")) {
        reactor.post([&, letter] { order += letter; });
    }
    reactor.post([&] {
        ran_on = std::this_thread::get_id();
        done.set_value();
    });
    const bool is_done = done.get_future().wait_for(patience) == std::future_status::ready;
    reactor.stop();
    loop.join();
    REQUIRE(is_done);
    CHECK(order == "abc");
    CHECK(ran_on == loop_id);
}

TEST_CASE("What was posted before the loop ran, and behind a stop, is not lost", "[reactor]") {
    User user;
    Reactor reactor(user);
    int count = 0;
    reactor.post([&] { ++count; });
    reactor.post([&] { reactor.stop(); });
    reactor.run();
    CHECK(count == 1);
    reactor.post([&] { ++count; });
    CHECK(run_until(reactor, [&] { return count == 2; }));
}

TEST_CASE("Of several times to wake at the earliest counts, once, and another may follow", "[reactor]") {
    User user;
    Reactor reactor(user);
    std::vector<TimePoint> wakes;
    user.wake = [&] { wakes.push_back(Clock::now()); };
    const TimePoint start = Clock::now();
    reactor.wake_at(start + std::chrono::hours{1});
    reactor.wake_at(start + std::chrono::milliseconds{20});
    reactor.wake_at(start + std::chrono::hours{2});
    REQUIRE(run_until(reactor, [&] { return !wakes.empty(); }));
    CHECK(wakes.front() >= start + std::chrono::milliseconds{20});
    user.wake = [&] {
        wakes.push_back(Clock::now());
        if (wakes.size() < 3) reactor.wake_at(wakes.back());
    };
    reactor.wake_at(start);
    REQUIRE(run_until(reactor, [&] { return wakes.size() == 3; }));
    CHECK_FALSE(reactor.poll_for(Duration{}));
    CHECK(wakes.size() == 3);
}

TEST_CASE("The end of a turn comes once, behind what was ready when it was asked for", "[reactor]") {
    User user;
    Reactor reactor(user);
    std::string order;
    user.turn_end = [&] { order += '.'; };
    reactor.post([&] {
        order += 'a';
        reactor.end_turn_soon();
        reactor.end_turn_soon();
        order += 'b';
    });
    REQUIRE(run_until(reactor, [&] { return order.ends_with('.'); }));
    CHECK_FALSE(reactor.poll_for(Duration{}));
    CHECK(order == "ab.");
}

TEST_CASE("Other work gets its turn while a loop keeps itself busy", "[reactor]") {
    User user;
    Reactor reactor(user);
    bool is_awake = false;
    user.turn_end = [&] { reactor.end_turn_soon(); };
    user.wake = [&] { is_awake = true; };
    reactor.end_turn_soon();
    reactor.wake_at(Clock::now() + std::chrono::milliseconds{5});
    CHECK(run_until(reactor, [&] { return is_awake; }));
    bool is_posted = false;
    reactor.post([&] { is_posted = true; });
    CHECK(run_until(reactor, [&] { return is_posted; }));
}

TEST_CASE("What the loop's thread posts itself runs in order, from wherever it does, and mixed with posts of others", "[reactor]") {
    User user;
    Reactor reactor(user);
    std::string order;
    std::promise<void> done;
    const auto add = [&](char letter) {
        return [&order, letter] { order += letter; };
    };
    user.turn_end = [&] {
        reactor.post(add('d'));
        reactor.wake_at(Clock::now());
    };
    user.wake = [&] {
        reactor.post(add('e'));
        std::thread([&] { reactor.post(add('f')); }).join();
        reactor.post([&] { done.set_value(); });
    };
    reactor.post(add('a'));
    reactor.post([&] {
        reactor.post([&] {
            order += 'c';
            reactor.end_turn_soon();
        });
        order += 'b';
    });
    std::thread loop([&] { reactor.run(); });
    const bool is_done = done.get_future().wait_for(patience) == std::future_status::ready;
    reactor.stop();
    loop.join();
    REQUIRE(is_done);
    CHECK(order == "abcdef");
}

TEST_CASE("A loop that was left forgets the wake-up and runs posts and what was put off", "[reactor]") {
    User user;
    Reactor reactor(user);
    std::string order;
    user.wake = [&] { order += 'w'; };
    user.turn_end = [&] { order += 'e'; };
    reactor.wake_at(Clock::now());
    reactor.end_turn_soon();
    reactor.post([&] {
        order += 'p';
        reactor.post([&] { order += 'q'; });
    });
    reactor.stop();
    reactor.run();
    reactor.leave();
    CHECK(run_until(reactor, [&] { return order.contains('q') && order.contains('e'); }));
    CHECK_FALSE(reactor.poll_for(Duration{}));
    CHECK_FALSE(order.contains('w'));
}

TEST_CASE("A watch tells of connections until all are taken", "[reactor]") {
    if (!workers_accept()) return;
    User user;
    Reactor reactor(user);
    platform::OpenListener listener = open_port();
    Watched watched(reactor);
    std::error_code error;
    watched.watch.start(listener.native_handle(), error);
    REQUIRE_FALSE(error);
    CHECK_FALSE(reactor.poll_for(Duration{}));
    int accepted = 0;
    watched.on_call = [&] { accepted += accept_one(listener) ? 1 : 0; };
    platform::Client first(listener.address());
    platform::Client second(listener.address());
    CHECK(run_until(reactor, [&] { return accepted == 2; }));
    watched.watch.stop();
}

TEST_CASE("A watch that pauses tells of what came meanwhile when it goes on, and one that was stopped of nothing", "[reactor]") {
    if (!workers_accept()) return;
    User user;
    Reactor reactor(user);
    platform::OpenListener listener = open_port();
    Watched watched(reactor);
    std::error_code error;
    watched.watch.start(listener.native_handle(), error);
    watched.on_call = [&] { watched.watch.pause(); };
    platform::Client client(listener.address());
    REQUIRE(run_until(reactor, [&] { return watched.calls == 1; }));
    static_cast<void>(reactor.poll_for(Duration{}));
    CHECK(watched.calls == 1);
    watched.watch.resume();
    REQUIRE(run_until(reactor, [&] { return watched.calls == 2; }));
    watched.on_call = [&] { watched.watch.stop(); };
    watched.watch.resume();
    REQUIRE(run_until(reactor, [&] { return watched.calls == 3; }));
    static_cast<void>(reactor.poll_for(Duration{}));
    CHECK(watched.calls == 3);
    CHECK(accept_one(listener));
    // The place of one that was stopped serves the next.
    Watched next(reactor);
    next.watch.start(listener.native_handle(), error);
    REQUIRE_FALSE(error);
    next.on_call = [&] { next.watch.stop(); };
    platform::Client other(listener.address());
    CHECK(run_until(reactor, [&] { return next.calls == 1; }));
}

TEST_CASE("A watch that can't be started says so", "[reactor]") {
    if (!workers_accept()) return;
    User user;
    Reactor reactor(user);
    Watched watched(reactor);
    std::error_code error;
    watched.watch.start(platform::no_socket, error);
    CHECK(error);
    watched.watch.pause();
    watched.watch.resume();
    watched.watch.stop();
}
