#include "upstream/round_robin.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <set>

using sluice::upstream::RoundRobin;

namespace {

using Weights = std::vector<std::uint32_t>;

std::vector<std::uint32_t> picks(RoundRobin& balancer, std::size_t count) {
    std::vector<std::uint32_t> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(balancer.pick().value());
    return result;
}

std::map<std::uint32_t, std::size_t> counts(RoundRobin& balancer, std::size_t count) {
    std::map<std::uint32_t, std::size_t> result;
    for (const std::uint32_t endpoint : picks(balancer, count)) ++result[endpoint];
    return result;
}

}  // namespace

TEST_CASE("RoundRobin takes equal endpoints in turn", "[upstream]") {
    RoundRobin balancer(Weights{1, 1, 1}, 0);
    CHECK(picks(balancer, 7) == Weights{0, 1, 2, 0, 1, 2, 0});
    RoundRobin heavy(Weights{50, 50}, 0);
    CHECK(picks(heavy, 4) == Weights{0, 1, 0, 1});
}

TEST_CASE("RoundRobin spreads a heavy endpoint's turns over the round", "[upstream]") {
    RoundRobin balancer(Weights{5, 1, 1}, 0);
    CHECK(picks(balancer, 7) == Weights{0, 0, 1, 0, 2, 0, 0});
}

TEST_CASE("RoundRobin keeps to the weights in every round", "[upstream]") {
    const Weights weights = GENERATE(values<Weights>({{1},
                                                      {2, 1},
                                                      {3, 7, 11},
                                                      {100, 1},
                                                      {1000, 1, 999, 50},
                                                      {100'000, 99'999, 1},
                                                      {4'000'000'000U, 1'000'000'000U}}));
    const std::uint64_t seed = GENERATE(0U, 1U, 12345U);
    const auto divisor =
        std::accumulate(weights.begin(), weights.end(), 0U,
                        [](std::uint32_t a, std::uint32_t b) { return std::gcd(a, b); });
    const std::size_t total =
        std::accumulate(weights.begin(), weights.end(), std::size_t{0}) / divisor;
    RoundRobin balancer(weights, seed);
    for (int round = 0; round < 2; ++round) {
        auto counted = counts(balancer, total);
        for (std::uint32_t i = 0; i < weights.size(); ++i)
            CHECK(counted[i] == weights[i] / divisor);
    }
}

TEST_CASE("RoundRobin starts where the seed says, so that workers do not march in step",
          "[upstream]") {
    std::set<std::uint32_t> starts;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        RoundRobin balancer(Weights(8, 1), seed);
        starts.insert(balancer.pick().value());
    }
    CHECK(starts.size() == 8);

    // Weights that make too long a round to be kept start at different places as well.
    const Weights uneven{100'003, 99'991, 100'019, 99'989};
    starts.clear();
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        RoundRobin balancer(uneven, seed);
        starts.insert(balancer.pick().value());
    }
    CHECK(starts.size() == 4);
}

TEST_CASE("RoundRobin passes over the endpoint that has failed", "[upstream]") {
    const Weights weights = GENERATE(values<Weights>({{1, 1, 1}, {5, 1, 1}, {100'003, 7, 99'991}}));
    RoundRobin balancer(weights, 3);
    for (int i = 0; i < 50; ++i) {
        const std::uint32_t failed = balancer.pick().value();
        CHECK(balancer.pick(failed).value() != failed);
    }
}

TEST_CASE("RoundRobin picks a failed endpoint again when there is no other", "[upstream]") {
    RoundRobin balancer(Weights{3}, 0);
    CHECK(balancer.pick(0U) == 0U);
    RoundRobin one_alive(Weights{0, 2}, 0);
    CHECK(one_alive.pick(1U) == 1U);
}

TEST_CASE("RoundRobin never picks an endpoint of weight 0, and none where there is none",
          "[upstream]") {
    RoundRobin balancer(Weights{1, 0, 1}, 1);
    CHECK(counts(balancer, 10) == std::map<std::uint32_t, std::size_t>{{0, 5}, {2, 5}});
    CHECK_FALSE(RoundRobin(Weights{}, 5).pick());
    CHECK_FALSE(RoundRobin(Weights{0, 0}, 5).pick());
    CHECK_FALSE(RoundRobin(Weights{}, 5).pick(0U));
}

TEST_CASE("RoundRobin takes its weights from the cluster", "[upstream]") {
    sluice::config::Cluster cluster;
    cluster.endpoints = {{{}, 2}, {{}, 1}};
    RoundRobin balancer(cluster, 0);
    CHECK(picks(balancer, 3) == Weights{0, 1, 0});
}
