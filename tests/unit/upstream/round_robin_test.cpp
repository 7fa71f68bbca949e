#include "upstream/round_robin.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <set>

using sluice::upstream::Candidate;
using sluice::upstream::RoundRobin;

namespace {

using Weights = std::vector<std::uint32_t>;

RoundRobin make(const Weights& weights, std::uint64_t seed) {
    std::vector<Candidate> candidates;
    for (std::uint32_t i = 0; i < weights.size(); ++i) candidates.push_back({i, weights[i]});
    return RoundRobin(candidates, seed);
}

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
    RoundRobin balancer = make(Weights{1, 1, 1}, 0);
    CHECK(picks(balancer, 7) == Weights{0, 1, 2, 0, 1, 2, 0});
    RoundRobin heavy = make(Weights{50, 50}, 0);
    CHECK(picks(heavy, 4) == Weights{0, 1, 0, 1});
}

TEST_CASE("RoundRobin spreads a heavy endpoint's turns over the round", "[upstream]") {
    RoundRobin balancer = make(Weights{5, 1, 1}, 0);
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
    RoundRobin balancer = make(weights, seed);
    for (int round = 0; round < 2; ++round) {
        auto counted = counts(balancer, total);
        for (std::uint32_t i = 0; i < weights.size(); ++i)
            CHECK(counted[i] == weights[i] / divisor);
    }
}

TEST_CASE("RoundRobin starts where the seed says, so that workers do not march in step", "[upstream]") {
    std::set<std::uint32_t> starts;
    for (std::uint64_t seed = 0; seed < 8; ++seed) starts.insert(make(Weights(8, 1), seed).pick().value());
    CHECK(starts.size() == 8);

    // Weights that make too long a round to be computed start at different places as well.
    starts.clear();
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
        starts.insert(make({100'003, 99'991, 100'019, 99'989}, seed).pick().value());
    }
    CHECK(starts.size() == 4);
}

TEST_CASE("RoundRobin spreads the turns of a long round", "[upstream]") {
    // One endpoint of half the weight, beside a hundred that share the other half, has every second turn or nearly so.
    Weights weights(101, 997);
    weights[0] = 99'700;
    RoundRobin balancer = make(weights, 5);
    std::size_t in_a_row = 0;
    std::size_t longest = 0;
    for (const std::uint32_t endpoint : picks(balancer, 10'000)) {
        in_a_row = endpoint == 0 ? in_a_row + 1 : 0;
        longest = std::max(longest, in_a_row);
    }
    CHECK(longest <= 4);
    // And the hundred come at most once more than the least of them.
    auto counted = counts(balancer, 10'000);
    std::size_t least = counted[1];
    std::size_t most = counted[1];
    for (std::uint32_t i = 1; i <= 100; ++i) {
        least = std::min(least, counted[i]);
        most = std::max(most, counted[i]);
    }
    CHECK(most - least <= 2);
}

TEST_CASE("RoundRobin passes over endpoints that the request has tried", "[upstream]") {
    const Weights weights =
        GENERATE(values<Weights>({{1, 1, 1}, {5, 1, 1}, {1000, 1, 1}, {100'003, 7, 99'991}, {1'000'000, 1, 1}}));
    RoundRobin balancer = make(weights, 3);
    for (int i = 0; i < 50; ++i) {
        const std::uint32_t first = balancer.pick().value();
        const std::uint32_t second = balancer.pick(Weights{first}).value();
        CHECK(second != first);
        const std::uint32_t third = balancer.pick(Weights{second, first}).value();
        CHECK(first + second + third == 3);
    }
}

TEST_CASE("RoundRobin keeps the turn of an endpoint that was avoided in a long round", "[upstream]") {
    const Weights weights{100'003, 99'991, 50'000};
    RoundRobin balancer = make(weights, 9);
    std::map<std::uint32_t, std::size_t> counted;
    for (int i = 0; i < 100; ++i) ++counted[balancer.pick(Weights{0}).value()];
    CHECK(counted[0] == 0);
    for (std::size_t i = 100; i < 249'994; ++i) ++counted[balancer.pick().value()];
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(counted[i] == weights[i]);
}

TEST_CASE("RoundRobin picks a tried endpoint again when there is no other", "[upstream]") {
    CHECK(make({3}, 0).pick(Weights{0}) == 0U);
    CHECK(make({0, 2}, 0).pick(Weights{1}) == 1U);
    CHECK(make({7, 9}, 0).pick(Weights{0, 1, 2}).has_value());
    CHECK(make({100'003, 99'991}, 0).pick(Weights{1, 0}).has_value());
}

TEST_CASE("RoundRobin never picks an endpoint of weight 0, and none where there is none", "[upstream]") {
    RoundRobin balancer = make({1, 0, 1}, 1);
    CHECK(counts(balancer, 10) == std::map<std::uint32_t, std::size_t>{{0, 5}, {2, 5}});
    CHECK_FALSE(RoundRobin().pick());
    CHECK_FALSE(make({}, 5).pick());
    CHECK_FALSE(make({0, 0}, 5).pick());
    CHECK_FALSE(make({}, 5).pick(Weights{0}));
}

TEST_CASE("RoundRobin names the candidates' endpoints, not their places", "[upstream]") {
    RoundRobin balancer(std::vector<Candidate>{{7, 1}, {3, 2}}, 0);
    CHECK(counts(balancer, 6) == std::map<std::uint32_t, std::size_t>{{7, 2}, {3, 4}});
}
