#include "upstream/endpoint_override.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

#include "upstream/cluster_state.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::ClusterState;
using upstream::EndpointOverride;
using upstream::EndpointOverrideCell;
using upstream::Member;

namespace {

const TimePoint now = TimePoint{} + 1h;

config::Cluster two_endpoints(config::Balance balance = config::Balance::RoundRobin) {
    config::Cluster cluster;
    cluster.name = "api";
    cluster.balance = balance;
    cluster.endpoints.resize(2);
    cluster.endpoints[0].address = {config::Address::Kind::Ipv4, "10.0.0.1", 80};
    cluster.endpoints[1].address = {config::Address::Kind::Ipv4, "10.0.0.2", 80};
    return cluster;
}

Member member(const ClusterState& state, std::size_t index) { return state.endpoints()->members[index]; }

void say(ClusterState& state, std::size_t index, const EndpointOverride& said) {
    member(state, index).endpoint->said.set(said);
    state.apply_overrides();
}

/// Places of the endpoints that may be chosen.
std::vector<std::uint32_t> chosen(ClusterState& state) {
    std::vector<std::uint32_t> places;
    for (const upstream::Candidate& candidate : state.candidates(*state.endpoints(), now).list) places.push_back(candidate.endpoint);
    return places;
}

}  // namespace

TEST_CASE("What an operator says of an endpoint is kept in one word, every combination of it", "[upstream]") {
    const auto flag = [](int number) { return number == 0 ? std::nullopt : std::optional(number == 2); };
    EndpointOverrideCell cell;
    CHECK(cell.get().empty());
    for (int drain = 0; drain < 3; ++drain) {
        for (int up = 0; up < 3; ++up) {
            for (const auto weight : {std::optional<std::uint32_t>(), std::optional<std::uint32_t>(0), std::optional<std::uint32_t>(UINT32_MAX)}) {
                const EndpointOverride said{flag(drain), weight, flag(up)};
                cell.set(said);
                CHECK(cell.get() == said);
                CHECK(cell.is_up() == said.is_up);
            }
        }
    }
}

TEST_CASE("An endpoint that is drained or down by hand is not chosen, and is again when that is taken back", "[upstream]") {
    ClusterState state(two_endpoints(), "secret");
    const std::uint32_t before = state.version();
    const auto said = GENERATE(values<EndpointOverride>({{true, {}, {}}, {{}, {}, false}, {{}, 0U, {}}}));
    say(state, 0, said);
    CHECK(state.version() != before);
    CHECK(chosen(state) == std::vector<std::uint32_t>{1});
    say(state, 0, {});
    CHECK(chosen(state) == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("An endpoint that is up by hand is chosen though its checks fail", "[upstream]") {
    config::Cluster cluster = two_endpoints();
    cluster.panic_percent = 0;
    cluster.health_check.emplace();
    ClusterState state(cluster, "secret");
    static_cast<void>(state.record_check(*member(state, 0).endpoint, false, "refused", now));
    CHECK(chosen(state) == std::vector<std::uint32_t>{1});
    say(state, 0, {{}, {}, true});
    CHECK(chosen(state) == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("A weight set by hand holds for balancing by hash too", "[upstream]") {
    ClusterState state(two_endpoints(config::Balance::Hash), "secret");
    const auto before = state.endpoints()->table;
    say(state, 0, {{}, 7U, {}});
    CHECK(member(state, 0).weight == 7);
    CHECK(state.endpoints()->table != before);
}

TEST_CASE("What was set by hand stays over a reload that leaves the endpoint's own keys alone", "[upstream]") {
    ClusterState old(two_endpoints(), "secret");
    say(old, 0, {true, 5U, {}});
    config::Cluster next = two_endpoints();
    next.slow_start = 10s;
    ClusterState state(next, "secret", &old);
    old.give_way_to(state);
    CHECK(member(state, 0).is_draining);
    CHECK(member(state, 0).weight == 5);
    state.apply_overrides();
    CHECK(member(state, 0).weight == 5);
}

TEST_CASE("What was set by hand is forgotten when a reload says something else of the endpoint", "[upstream]") {
    ClusterState old(two_endpoints(), "secret");
    say(old, 0, {true, 5U, false});
    say(old, 1, {{}, 6U, {}});
    config::Cluster next = two_endpoints();
    next.endpoints[0].weight = 2;
    ClusterState state(next, "secret", &old);
    // A configuration that is only tried changes nothing.
    CHECK(member(old, 0).endpoint->said.get() == EndpointOverride{true, 5U, false});
    old.give_way_to(state);
    CHECK(member(state, 0).endpoint->said.get().empty());
    CHECK(member(state, 0).weight == 2);
    CHECK_FALSE(member(state, 0).is_draining);
    CHECK(chosen(state) == std::vector<std::uint32_t>{0, 1});
    CHECK(member(state, 1).weight == 6);
}
