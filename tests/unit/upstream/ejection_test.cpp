#include "upstream/ejection.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "support/moment.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::EndpointEjection;
using upstream::Ejector;
using upstream::Failure;
using test::at;

namespace {

config::Ejection after(std::uint32_t connect_failures, std::uint32_t server_errors) {
    config::Ejection config;
    config.connect_failures = connect_failures;
    config.server_errors = server_errors;
    config.time = 10s;
    config.max_time = 35s;
    config.max_percent = 100;
    return config;
}

/// Ejects an endpoint of `after(1, ...)`; how long for.
Duration eject(Ejector& ejector, EndpointEjection& endpoint, Duration now) {
    const std::optional<TimePoint> until = ejector.fail(endpoint, Failure::Connect, 4, at(now));
    REQUIRE(until);
    return *until - at(now);
}

}  // namespace

TEST_CASE("Ejector takes an endpoint out when failures in a row reach a limit, row by row", "[upstream]") {
    struct Row {
        std::string what;
        std::uint32_t connect_failures;
        std::uint32_t server_errors;
        /// c: connect failed, e: server error, s: success.
        std::string requests;
        bool is_ejected;
    };
    const Row row = GENERATE(values<Row>({
        {"failed connects", 3, 0, "ccc", true},
        {"one too few", 3, 0, "cc", false},
        {"a success between", 3, 0, "ccscc", false},
        {"an error between: it could be reached", 3, 0, "ccecc", false},
        {"errors that do not count", 3, 0, "eeeeeee", false},
        {"connects that do not count", 0, 3, "ccccccc", false},
        {"errors", 3, 3, "eee", true},
        {"a success between errors", 3, 3, "eesee", false},
        {"a failed connect is no answer that would end the errors", 3, 3, "eece", true},
        {"both rules off", 0, 0, "cececece", false},
        {"the first one", 1, 0, "c", true},
    }));
    INFO(row.what);
    Ejector ejector(after(row.connect_failures, row.server_errors));
    EndpointEjection endpoint;
    bool has_ejected = false;
    for (const char what : row.requests) {
        if (what == 's') {
            endpoint.succeed();
        } else {
            const Failure kind = what == 'c' ? Failure::Connect : Failure::ServerError;
            has_ejected = ejector.fail(endpoint, kind, 2, at(0s)).has_value();
        }
    }
    CHECK(has_ejected == row.is_ejected);
    CHECK(endpoint.is_ejected(at(0s)) == row.is_ejected);
    CHECK(ejector.ejected() == (row.is_ejected ? 1 : 0));
    CHECK(endpoint.ejected_until() == (row.is_ejected ? std::optional(at(10s)) : std::nullopt));
}

TEST_CASE("Ejector takes out as many of a cluster's endpoints as it may, row by row", "[upstream]") {
    struct Row {
        std::uint32_t endpoints;
        std::uint32_t max_percent;
        std::uint32_t most;
    };
    const Row row = GENERATE(values<Row>({
        // endpoints, percent, out at a time
        {1, 50, 0},
        {1, 99, 0},
        {1, 100, 1},
        {2, 0, 0},
        {2, 1, 1},
        {2, 50, 1},
        {2, 99, 1},
        {2, 100, 2},
        {3, 50, 1},
        {4, 50, 2},
        {10, 5, 1},
        {10, 35, 3},
        {0, 100, 0},
    }));
    config::Ejection config = after(1, 0);
    config.max_percent = row.max_percent;
    Ejector ejector(config);
    std::array<EndpointEjection, 10> endpoints;
    std::uint32_t out = 0;
    for (EndpointEjection& endpoint : endpoints) {
        if (ejector.fail(endpoint, Failure::Connect, row.endpoints, at(0s))) ++out;
    }
    CHECK(out == row.most);
    CHECK(ejector.ejected() == row.most);
}

TEST_CASE("Ejector takes an endpoint out later when there was no room at first", "[upstream]") {
    Ejector ejector([] {
        config::Ejection config = after(2, 0);
        config.max_percent = 50;
        return config;
    }());
    EndpointEjection first;
    EndpointEjection second;
    ejector.fail(first, Failure::Connect, 2, at(0s));
    REQUIRE(ejector.fail(first, Failure::Connect, 2, at(0s)));
    CHECK_FALSE(ejector.fail(second, Failure::Connect, 2, at(0s)));
    CHECK_FALSE(ejector.fail(second, Failure::Connect, 2, at(0s)));
    REQUIRE(ejector.return_if_due(first, at(10s)));
    CHECK(ejector.fail(second, Failure::Connect, 2, at(10s)) == at(20s));
}

TEST_CASE("Ejector lets an endpoint return when its time is over, once", "[upstream]") {
    Ejector ejector(after(2, 0));
    EndpointEjection endpoint;
    CHECK_FALSE(ejector.return_if_due(endpoint, at(0s)));
    ejector.fail(endpoint, Failure::Connect, 4, at(0s));
    ejector.fail(endpoint, Failure::Connect, 4, at(0s));
    CHECK_FALSE(ejector.return_if_due(endpoint, at(9999ms)));
    CHECK(ejector.is_ejected(endpoint, at(9999ms)));
    CHECK_FALSE(ejector.is_ejected(endpoint, at(10s)));
    CHECK(endpoint.ejected_until() == at(10s));
    CHECK(ejector.return_if_due(endpoint, at(10s)));
    CHECK_FALSE(ejector.return_if_due(endpoint, at(10s)));
    CHECK_FALSE(endpoint.ejected_until());
    CHECK(ejector.ejected() == 0);
    // And begins to count anew.
    CHECK_FALSE(ejector.fail(endpoint, Failure::Connect, 4, at(10s)));
    CHECK(ejector.fail(endpoint, Failure::Connect, 4, at(10s)));
}

TEST_CASE("Ejector lets an endpoint return before its time is over when it is known to be well", "[upstream]") {
    Ejector ejector(after(1, 0));
    EndpointEjection endpoint;
    CHECK_FALSE(ejector.end(endpoint, at(0s)));
    CHECK(eject(ejector, endpoint, 0s) == 10s);
    CHECK(endpoint.reason() == Failure::Connect);
    CHECK(ejector.end(endpoint, at(1s)));
    CHECK_FALSE(ejector.end(endpoint, at(1s)));
    CHECK_FALSE(ejector.is_ejected(endpoint, at(1s)));
    CHECK(ejector.ejected() == 0);
    // It is still the second time.
    CHECK(eject(ejector, endpoint, 2s) == 20s);
    ejector.remove(endpoint);
    CHECK_FALSE(ejector.end(endpoint, at(3s)));
}

TEST_CASE("Ejector counts nothing while an endpoint is out", "[upstream]") {
    Ejector ejector(after(2, 0));
    EndpointEjection endpoint;
    ejector.fail(endpoint, Failure::Connect, 4, at(0s));
    REQUIRE(ejector.fail(endpoint, Failure::Connect, 4, at(0s)));
    for (int i = 0; i < 5; ++i) CHECK_FALSE(ejector.fail(endpoint, Failure::Connect, 4, at(1s)));
    CHECK(endpoint.ejected_until() == at(10s));
    // Its time is over, but nobody has let it return yet.
    CHECK_FALSE(ejector.fail(endpoint, Failure::Connect, 4, at(11s)));
    REQUIRE(ejector.return_if_due(endpoint, at(11s)));
    CHECK_FALSE(ejector.fail(endpoint, Failure::Connect, 4, at(11s)));
}

TEST_CASE("Ejector takes an endpoint out for longer each time, up to the longest", "[upstream]") {
    Ejector ejector(after(1, 0));
    EndpointEjection endpoint;
    Duration now = 0s;
    const std::array<Duration, 5> times{10s, 20s, 30s, 35s, 35s};
    for (const Duration time : times) {
        CHECK(eject(ejector, endpoint, now) == time);
        now += time;
        REQUIRE(ejector.return_if_due(endpoint, at(now)));
    }
}

TEST_CASE("Ejector forgets a step for each ejection time in health", "[upstream]") {
    Ejector ejector(after(1, 0));
    EndpointEjection endpoint;
    Duration now = 0s;
    for (int i = 0; i < 3; ++i) {
        now += eject(ejector, endpoint, now);
        REQUIRE(ejector.return_if_due(endpoint, at(now)));
    }
    SECTION("less than one") { CHECK(eject(ejector, endpoint, now + 9s) == 35s); }
    SECTION("one") { CHECK(eject(ejector, endpoint, now + 10s) == 30s); }
    SECTION("two") { CHECK(eject(ejector, endpoint, now + 29s) == 20s); }
    SECTION("all") { CHECK(eject(ejector, endpoint, now + 30s) == 10s); }
    SECTION("all, long ago") { CHECK(eject(ejector, endpoint, now + 1000h) == 10s); }
}

TEST_CASE("Ejector does not remember more steps than its longest time has", "[upstream]") {
    Ejector ejector(after(1, 0));
    EndpointEjection endpoint;
    Duration now = 0s;
    for (int i = 0; i < 20; ++i) {
        now += eject(ejector, endpoint, now);
        REQUIRE(ejector.return_if_due(endpoint, at(now)));
    }
    CHECK(eject(ejector, endpoint, now + 40s) == 10s);
}

TEST_CASE("Ejector gives the place of an endpoint that left its cluster to another", "[upstream]") {
    config::Ejection config = after(1, 0);
    config.max_percent = 50;
    Ejector ejector(config);
    EndpointEjection gone;
    EndpointEjection other;
    SECTION("when it was out") {
        eject(ejector, gone, 0s);
        ejector.remove(gone);
    }
    SECTION("when it was in use") { ejector.remove(gone); }
    CHECK(ejector.ejected() == 0);
    // Requests that were under way there say nothing any more.
    CHECK_FALSE(ejector.fail(gone, Failure::Connect, 2, at(0s)));
    CHECK_FALSE(ejector.return_if_due(gone, at(100s)));
    ejector.remove(gone);
    CHECK(ejector.ejected() == 0);
    CHECK(ejector.fail(other, Failure::Connect, 2, at(0s)));
}
