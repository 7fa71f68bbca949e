#include "upstream/idle_pool.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <vector>

#include "base/random.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::IdleHook;

namespace {

struct Connection : IdleHook {
    int closed = 0;
};

struct Close {
    std::vector<Connection*>* closed;
    void operator()(Connection& connection) const {
        CHECK_FALSE(connection.is_idle());
        ++connection.closed;
        closed->push_back(&connection);
    }
};

using Pool = upstream::IdlePool<Connection, Close>;

struct Fixture {
    std::vector<Connection*> closed;
    std::deque<Connection> connections = std::deque<Connection>(10);
    TimePoint now{1h};
    Pool pool{Close{&closed}};

    Fixture() {
        pool.add_endpoint({.max_idle = 3, .idle_limit = 50s});
        pool.add_endpoint({.max_idle = 3, .idle_limit = 50s});
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "IdlePool gives the newest connection first", "[upstream]") {
    for (std::size_t i = 0; i < 3; ++i) CHECK(pool.release(0, connections[i], now + i * 1s));
    CHECK(pool.size() == 3);
    CHECK(pool.acquire(0, now + 3s) == &connections[2]);
    CHECK(pool.acquire(0, now + 3s) == &connections[1]);
    CHECK(pool.acquire(0, now + 3s) == &connections[0]);
    CHECK(pool.acquire(0, now + 3s) == nullptr);
    CHECK(closed.empty());
}

TEST_CASE_METHOD(Fixture, "IdlePool keeps the endpoints apart", "[upstream]") {
    pool.release(1, connections[0], now);
    CHECK(pool.acquire(0, now) == nullptr);
    CHECK(pool.size(1) == 1);
    CHECK(pool.acquire(1, now) == &connections[0]);
    CHECK_FALSE(connections[0].is_idle());
}

TEST_CASE_METHOD(Fixture, "IdlePool closes a stale connection instead of returning it",
                 "[upstream]") {
    pool.release(0, connections[0], now);
    pool.release(0, connections[1], now + 1s);
    CHECK(pool.acquire(0, now + 51s) == nullptr);
    CHECK(closed == std::vector<Connection*>{&connections[0], &connections[1]});
    CHECK(pool.size() == 0);
}

TEST_CASE_METHOD(Fixture, "IdlePool returns a fresh connection though older ones are stale",
                 "[upstream]") {
    pool.release(0, connections[0], now);
    pool.release(0, connections[1], now + 30s);
    CHECK(pool.acquire(0, now + 60s) == &connections[1]);
    CHECK(pool.acquire(0, now + 60s) == nullptr);
    CHECK(closed == std::vector<Connection*>{&connections[0]});
}

TEST_CASE_METHOD(Fixture, "IdlePool closes what is above the quota of an endpoint", "[upstream]") {
    for (std::size_t i = 0; i < 3; ++i) pool.release(0, connections[i], now);
    CHECK_FALSE(pool.release(0, connections[3], now));
    CHECK(closed == std::vector<Connection*>{&connections[3]});
    CHECK(pool.release(1, connections[4], now));
    CHECK(pool.size(0) == 3);
}

TEST_CASE("IdlePool with a quota of zero keeps nothing", "[upstream]") {
    std::vector<Connection*> closed;
    Connection connection;
    Pool pool(Close{&closed});
    pool.add_endpoint({.max_idle = 0, .idle_limit = 50s});
    CHECK_FALSE(pool.release(0, connection, TimePoint{}));
    CHECK(closed.size() == 1);
}

TEST_CASE_METHOD(Fixture, "IdlePool lets any connection leave at once", "[upstream]") {
    const std::size_t which = GENERATE(0U, 1U, 2U);
    for (std::size_t i = 0; i < 3; ++i) pool.release(0, connections[i], now);
    CHECK(pool.remove(connections[which]));
    CHECK_FALSE(pool.remove(connections[which]));
    CHECK(pool.size(0) == 2);
    for (std::size_t i = 3; i-- > 0;) {
        if (i != which) CHECK(pool.acquire(0, now) == &connections[i]);
    }
    CHECK(pool.acquire(0, now) == nullptr);
    CHECK(closed.empty());
}

TEST_CASE_METHOD(Fixture, "IdlePool does not find a connection that is in use", "[upstream]") {
    CHECK_FALSE(pool.remove(connections[0]));
    pool.release(0, connections[0], now);
    CHECK(pool.acquire(0, now) == &connections[0]);
    CHECK_FALSE(pool.remove(connections[0]));
}

TEST_CASE_METHOD(Fixture, "The sweep closes what has been idle for the limit and nothing else",
                 "[upstream]") {
    pool.release(0, connections[0], now);
    pool.release(0, connections[1], now + 10s);
    pool.release(1, connections[2], now);
    pool.close_idle_since(now + 49s);
    CHECK(closed.empty());
    pool.close_idle_since(now + 50s);
    CHECK(closed == std::vector<Connection*>{&connections[0], &connections[2]});
    CHECK(pool.acquire(0, now + 50s) == &connections[1]);
}

TEST_CASE("IdlePool closes what it holds when it ends", "[upstream]") {
    std::vector<Connection*> closed;
    Connection connection;
    {
        Pool pool(Close{&closed});
        pool.add_endpoint({.max_idle = 1, .idle_limit = 1s});
        pool.release(0, connection, TimePoint{});
    }
    CHECK(closed == std::vector<Connection*>{&connection});
}

TEST_CASE_METHOD(Fixture, "IdlePool stays whole over many random steps", "[upstream]") {
    Random random(42);
    for (int step = 0; step < 20'000; ++step) {
        now += 1s * random.below(10);
        Connection& connection = connections[random.below(10)];
        const std::uint32_t endpoint = random.below(2);
        switch (random.below(4)) {
            case 0:
            case 1:
                if (!connection.is_idle()) pool.release(endpoint, connection, now);
                break;
            case 2:
                static_cast<void>(pool.acquire(endpoint, now));
                break;
            default:
                if (random.below(2) == 0) pool.remove(connection);
                pool.close_idle_since(now);
        }
        std::size_t idle = 0;
        for (const Connection& each : connections) idle += each.is_idle() ? 1U : 0U;
        REQUIRE(idle == pool.size());
        REQUIRE(pool.size() == pool.size(0) + pool.size(1));
    }
    pool.close_all();
    CHECK(pool.size() == 0);
}
