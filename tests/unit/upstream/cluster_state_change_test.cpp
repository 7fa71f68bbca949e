#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "support/moment.hpp"
#include "upstream/cluster_state.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::ClusterState;
using upstream::Member;
using upstream::TryResult;
using test::at;

namespace {

config::Endpoint literal(const std::string& host) {
    config::Endpoint endpoint;
    endpoint.address = {config::Address::Kind::Ipv4, host, 80};
    return endpoint;
}

config::Endpoint named(const std::string& host) {
    config::Endpoint endpoint;
    endpoint.address = {config::Address::Kind::Name, host, 80};
    return endpoint;
}

config::Cluster cluster(std::vector<config::Endpoint> endpoints) {
    config::Cluster cluster;
    cluster.name = "orders";
    cluster.endpoints = std::move(endpoints);
    cluster.ejection.connect_failures = 1;
    cluster.ejection.time = 1h;
    cluster.ejection.max_time = 1h;
    return cluster;
}

config::Address address(const std::string& host) { return {config::Address::Kind::Ipv4, host, 80}; }

std::vector<std::string> names(const ClusterState& state) {
    std::vector<std::string> names;
    for (const Member& member : state.endpoints()->members) names.push_back(member.endpoint->name);
    return names;
}

const upstream::EndpointState* endpoint(const ClusterState& state, const std::string& name) {
    for (const Member& member : state.endpoints()->members) {
        if (member.endpoint->name == name) return member.endpoint.get();
    }
    return nullptr;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("A cluster with other settings keeps the state of endpoints that stay, wherever they stand", "[upstream]") {
    const ClusterState before(cluster({literal("10.0.0.1"), literal("10.0.0.2")}), "secret");
    const ClusterState after(cluster({literal("10.0.0.3"), literal("10.0.0.2"), literal("10.0.0.1")}), "secret", &before);
    CHECK(names(after) == Names{"10.0.0.3:80", "10.0.0.2:80", "10.0.0.1:80"});
    CHECK(endpoint(after, "10.0.0.1:80") == endpoint(before, "10.0.0.1:80"));
    CHECK(endpoint(after, "10.0.0.2:80") == endpoint(before, "10.0.0.2:80"));
    CHECK(after.endpoints()->members[2].configured == 2);
}

TEST_CASE("An endpoint that stays has the weight, priority and drain of the new settings", "[upstream]") {
    const ClusterState before(cluster({literal("10.0.0.1")}), "secret");
    config::Endpoint changed = literal("10.0.0.1");
    changed.weight = 7;
    changed.priority = 2;
    changed.drain = true;
    const ClusterState after(cluster({changed}), "secret", &before);
    const Member& member = after.endpoints()->members[0];
    CHECK(member.endpoint == before.endpoints()->members[0].endpoint);
    CHECK(member.weight == 7);
    CHECK(member.priority == 2);
    CHECK(member.is_draining);
}

TEST_CASE("Addresses of a name are known to the cluster with other settings before the name is looked up again", "[upstream]") {
    ClusterState before(cluster({named("orders.test"), literal("10.0.0.9")}), "secret");
    before.replace(0, {{address("10.0.0.1"), 3, 1}, {address("10.0.0.2"), 1, 0}});
    config::Endpoint heavier = named("orders.test");
    heavier.weight = 10;
    ClusterState after(cluster({literal("10.0.0.9"), heavier}), "secret", &before);
    CHECK(names(after) == Names{"10.0.0.9:80", "10.0.0.1:80", "10.0.0.2:80"});
    CHECK(after.endpoints()->members[1].weight == 30);
    CHECK(after.endpoints()->members[1].priority == 1);
    // The lookup finds them in their new place.
    CHECK_FALSE(after.replace(1, {{address("10.0.0.1"), 3, 1}, {address("10.0.0.2"), 1, 0}}));
    const ClusterState other(cluster({named("other.test")}), "secret", &before);
    CHECK(names(other).empty());
}

TEST_CASE("Two configured endpoints of one address have a state each over a change", "[upstream]") {
    const ClusterState before(cluster({literal("10.0.0.1"), literal("10.0.0.1")}), "secret");
    const ClusterState after(cluster({literal("10.0.0.1"), literal("10.0.0.1")}), "secret", &before);
    CHECK(after.endpoints()->members[0].endpoint == before.endpoints()->members[0].endpoint);
    CHECK(after.endpoints()->members[1].endpoint == before.endpoints()->members[1].endpoint);
}

TEST_CASE("An ejection goes on over a change, and endpoints that leave make room for another", "[upstream]") {
    ClusterState before(cluster({literal("10.0.0.1"), literal("10.0.0.2")}), "secret");
    upstream::EndpointState& first = *before.endpoints()->members[0].endpoint;
    REQUIRE(before.record(first, TryResult::ConnectFailure, at(0s)));
    ClusterState same(cluster({literal("10.0.0.1"), literal("10.0.0.2")}), "secret", &before);
    CHECK(same.candidates(*same.endpoints(), at(1s)).list.size() == 1);
    // One of two is out, which is as many as may be.
    CHECK_FALSE(same.record(*same.endpoints()->members[1].endpoint, TryResult::ConnectFailure, at(1s)));
    ClusterState without(cluster({literal("10.0.0.2"), literal("10.0.0.3")}), "secret", &same);
    CHECK_FALSE(without.record(*without.endpoints()->members[0].endpoint, TryResult::ConnectFailure, at(2s)));
    same.give_way_to(without);
    CHECK(without.record(*without.endpoints()->members[0].endpoint, TryResult::ConnectFailure, at(3s)));
}

TEST_CASE("A cluster that is only prepared changes nothing of the one in force", "[upstream]") {
    ClusterState before(cluster({literal("10.0.0.1"), literal("10.0.0.2")}), "secret");
    const std::uint32_t version = before.version();
    { const ClusterState prepared(cluster({literal("10.0.0.3")}), "secret", &before); }
    CHECK(before.version() == version);
    CHECK(names(before) == Names{"10.0.0.1:80", "10.0.0.2:80"});
    CHECK(before.record(*before.endpoints()->members[0].endpoint, TryResult::ConnectFailure, at(0s)));
}

TEST_CASE("A breaker stays as it is unless its own settings change", "[upstream]") {
    config::Cluster settings = cluster({literal("10.0.0.1")});
    settings.breaker.emplace();
    ClusterState before(settings, "secret");
    settings.slow_start = 3s;
    ClusterState kept(settings, "secret", &before);
    CHECK(kept.breaker() == before.breaker());
    settings.breaker->probes = 9;
    ClusterState other(settings, "secret", &kept);
    CHECK(other.breaker() != kept.breaker());
    settings.breaker.reset();
    ClusterState none(settings, "secret", &other);
    CHECK(none.breaker() == nullptr);
}

TEST_CASE("What comes to a cluster while another takes its place holds for that one too", "[upstream]") {
    ClusterState before(cluster({literal("10.0.0.1"), literal("10.0.0.2")}), "secret");
    ClusterState after(cluster({literal("10.0.0.1"), literal("10.0.0.2"), literal("10.0.0.3")}), "secret", &before);
    const std::uint32_t seen = after.version();
    upstream::EndpointState& first = *before.endpoints()->members[0].endpoint;
    REQUIRE(before.record(first, TryResult::ConnectFailure, at(1s)));
    before.endpoints()->members[1].endpoint->said.set({.drain = true, .weight = {}, .is_up = {}});
    before.apply_overrides();
    before.give_way_to(after);
    CHECK(after.version() != seen);
    CHECK_FALSE(after.endpoints()->members[0].is_draining);
    CHECK(after.endpoints()->members[1].is_draining);
}
