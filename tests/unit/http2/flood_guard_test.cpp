#include "http2/flood_guard.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using http2::FloodGuard;
using namespace std::chrono_literals;

TEST_CASE("a client may spend its points at once, and not one more") {
    const TimePoint start{};
    FloodGuard guard(start);
    CHECK(guard.spend(FloodGuard::most_points, start));
    CHECK_FALSE(guard.spend(1, start));
}

TEST_CASE("points come back with time, and not beyond the most") {
    const TimePoint start{};
    FloodGuard guard(start);
    REQUIRE(guard.spend(FloodGuard::most_points, start));
    CHECK(guard.spend(FloodGuard::points_per_second, start + 1s));
    CHECK_FALSE(guard.spend(1, start + 1s));

    FloodGuard rested(start);
    CHECK(rested.spend(FloodGuard::most_points, start + 24h));
    CHECK_FALSE(rested.spend(1, start + 24h));
}

TEST_CASE("many short steps earn what one long step does") {
    const TimePoint start{};
    FloodGuard guard(start);
    REQUIRE(guard.spend(FloodGuard::most_points, start));
    TimePoint now = start;
    int spent = 0;
    // A client that sends a frame each millisecond, twenty of which a point needs.
    for (int step = 0; step < 1000; ++step) {
        now += 1ms;
        if (!guard.spend(0, now)) break;
    }
    while (guard.spend(1, now)) ++spent;
    CHECK(spent == FloodGuard::points_per_second);
}

TEST_CASE("what is of use earns points") {
    const TimePoint start{};
    FloodGuard guard(start);
    REQUIRE(guard.spend(FloodGuard::most_points, start));
    guard.earn(10);
    CHECK(guard.spend(10, start));
    CHECK_FALSE(guard.spend(1, start));
}
