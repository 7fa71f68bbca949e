#include "upstream/cluster_state.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "support/moment.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::ClusterState;
using upstream::EndpointState;
using upstream::TryResult;
using test::at;

namespace {

/// Two endpoints of which one failure takes one out for an hour, and checks that take two to bring one back.
config::Cluster cluster() {
    config::Cluster cluster;
    cluster.name = "orders";
    for (const char* const host : {"10.0.0.1", "10.0.0.2"}) {
        config::Endpoint endpoint;
        endpoint.address = {config::Address::Kind::Ipv4, host, 80};
        cluster.endpoints.push_back(endpoint);
    }
    cluster.ejection.connect_failures = 1;
    cluster.ejection.server_errors = 1;
    cluster.ejection.time = 1h;
    cluster.ejection.max_time = 1h;
    cluster.health_check.emplace();
    cluster.health_check->healthy = 2;
    cluster.health_check->unhealthy = 2;
    return cluster;
}

struct Fixture {
    ClusterState state{cluster(), "secret"};
    EndpointState& endpoint = *state.endpoints()->members[0].endpoint;

    Fixture() { state.record_check(endpoint, true, "", at(0s)); }

    void check(bool has_passed, Duration now) {
        state.record_check(endpoint, has_passed, has_passed ? "" : "refused", at(now));
    }
    [[nodiscard]] std::size_t candidates(Duration now) {
        return state.candidates(*state.endpoints(), at(now)).list.size();
    }
};

}  // namespace

TEST_CASE("ClusterState lets an endpoint return that could not be reached and passes its checks", "[upstream]") {
    Fixture fixture;
    REQUIRE(fixture.state.record(fixture.endpoint, TryResult::ConnectFailure, at(1s)));
    CHECK(fixture.candidates(1s) == 1);
    fixture.check(true, 2s);
    CHECK(fixture.candidates(2s) == 1);
    // In a row.
    fixture.check(false, 3s);
    fixture.check(true, 4s);
    CHECK(fixture.candidates(4s) == 1);
    const std::uint32_t version = fixture.state.version();
    fixture.check(true, 5s);
    CHECK(fixture.candidates(5s) == 2);
    // Workers hear of it, and slow start begins.
    CHECK(fixture.state.version() != version);
    CHECK(fixture.endpoint.recovered_at() == at(5s));
}

TEST_CASE("ClusterState does not count checks of before an ejection", "[upstream]") {
    Fixture fixture;
    fixture.check(true, 1s);
    fixture.check(true, 2s);
    REQUIRE(fixture.state.record(fixture.endpoint, TryResult::ConnectFailure, at(3s)));
    fixture.check(true, 4s);
    CHECK(fixture.candidates(4s) == 1);
    fixture.check(true, 5s);
    CHECK(fixture.candidates(5s) == 2);
}

TEST_CASE("ClusterState keeps an endpoint out that answers with errors, whatever its checks say", "[upstream]") {
    Fixture fixture;
    REQUIRE(fixture.state.record(fixture.endpoint, TryResult::ServerError, at(1s)));
    for (int i = 2; i < 10; ++i) fixture.check(true, std::chrono::seconds(i));
    CHECK(fixture.candidates(10s) == 1);
}

TEST_CASE("ClusterState forgets an ejection when an endpoint that was down comes back", "[upstream]") {
    Fixture fixture;
    REQUIRE(fixture.state.record(fixture.endpoint, TryResult::ServerError, at(1s)));
    fixture.check(false, 2s);
    fixture.check(false, 3s);
    REQUIRE_FALSE(fixture.endpoint.health.is_up());
    fixture.check(true, 4s);
    CHECK(fixture.candidates(4s) == 1);
    fixture.check(true, 5s);
    CHECK(fixture.candidates(5s) == 2);
}
