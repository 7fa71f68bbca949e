#include "upstream/balancer.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <vector>

#include "upstream/hash.hpp"

using sluice::Random;
using sluice::config::Balance;
using sluice::upstream::Balancer;
using sluice::upstream::Candidate;
using sluice::upstream::EndpointLoad;
using sluice::upstream::make_maglev;
using sluice::upstream::NamedWeight;
using sluice::upstream::WeightedChoice;

namespace {

using Numbers = std::vector<std::uint32_t>;

constexpr std::uint64_t seed = 20240229;

/// A cluster with its endpoints' loads and, for hash, its table.
struct Cluster {
    std::deque<EndpointLoad> loads;
    std::vector<const EndpointLoad*> pointers;
    std::vector<Candidate> candidates;
    std::shared_ptr<const sluice::upstream::MaglevTable> table;

    explicit Cluster(const Numbers& weights) {
        std::vector<std::string> names;
        for (std::uint32_t i = 0; i < weights.size(); ++i) {
            pointers.push_back(&loads.emplace_back());
            if (weights[i] != 0) candidates.push_back({i, weights[i]});
            names.push_back("10.0.0." + std::to_string(i) + ":8080");
        }
        std::vector<NamedWeight> named;
        for (std::size_t i = 0; i < weights.size(); ++i) named.emplace_back(names[i], weights[i]);
        table = make_maglev(named);
    }

    [[nodiscard]] Balancer balancer(Balance balance) const {
        Balancer made(balance, seed);
        made.use(candidates, pointers, table);
        return made;
    }
};

/// How often each endpoint is picked by `count` requests with random keys.
std::vector<double> count_picks(Balancer& balancer, std::size_t endpoints, int count, const Numbers& avoid = {}) {
    Random keys(seed);
    std::vector<double> counted(endpoints);
    for (int i = 0; i < count; ++i) ++counted[balancer.pick({keys.next(), avoid}).value()];
    return counted;
}

/// Within five standard deviations of a binomial distribution: a right choice misses it once in a million.
void check_share(double counted, int requests, double share) {
    const double expected = requests * share;
    CHECK(std::abs(counted - expected) <= 5 * std::sqrt(expected * (1 - share)) + 1);
}

constexpr auto all_ways = {Balance::RoundRobin, Balance::LeastRequest, Balance::Random, Balance::Hash};

}  // namespace

TEST_CASE("Every balance shares requests by the weights while endpoints are idle", "[upstream]") {
    const Balance balance = GENERATE(Balance::RoundRobin, Balance::LeastRequest, Balance::Random);
    const Numbers weights = GENERATE(values<Numbers>({{1}, {1, 1, 1}, {5, 3, 1, 1}, {1000, 1}, {7, 0, 14}}));
    const Cluster cluster(weights);
    Balancer balancer = cluster.balancer(balance);
    constexpr int requests = 100'000;
    const std::vector<double> counted = count_picks(balancer, weights.size(), requests);
    double total = 0;
    for (const std::uint32_t weight : weights) total += weight;
    for (std::size_t i = 0; i < weights.size(); ++i) check_share(counted[i], requests, weights[i] / total);
}

TEST_CASE("Hash shares random keys by the weights, within a twentieth of each share", "[upstream]") {
    const Numbers weights = GENERATE(values<Numbers>({{1}, {1, 1, 1}, {5, 3, 1, 1}, {7, 0, 14}}));
    const Cluster cluster(weights);
    Balancer balancer = cluster.balancer(Balance::Hash);
    constexpr int requests = 100'000;
    const std::vector<double> counted = count_picks(balancer, weights.size(), requests);
    double total = 0;
    for (const std::uint32_t weight : weights) total += weight;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double expected = requests * weights[i] / total;
        CHECK(std::abs(counted[i] - expected) <= expected / 20);
    }
}

TEST_CASE("No balance picks an endpoint that the request has tried while there is another", "[upstream]") {
    const Cluster cluster({1000, 1, 1, 1});
    for (const Balance balance : all_ways) {
        CAPTURE(static_cast<int>(balance));
        Balancer balancer = cluster.balancer(balance);
        CHECK(count_picks(balancer, 4, 1000, {0})[0] == 0);
        CHECK(count_picks(balancer, 4, 1000, {1, 2, 0})[3] == 1000);
        // None is left: any may be tried again.
        CHECK(balancer.pick({1, Numbers{3, 2, 1, 0}}).has_value());
    }
}

TEST_CASE("A balancer picks only candidates, and nothing when there are none", "[upstream]") {
    Cluster cluster(Numbers(10, 1));
    for (const Balance balance : all_ways) {
        CAPTURE(static_cast<int>(balance));
        CHECK_FALSE(Balancer(balance, seed).pick({}));
        Balancer balancer = cluster.balancer(balance);
        balancer.use(std::vector<Candidate>{{9, 1}, {4, 1}}, cluster.pointers, cluster.table);
        const std::vector<double> counted = count_picks(balancer, 10, 1000);
        CHECK(counted[4] + counted[9] == 1000);
        CHECK(counted[4] > 400);
        CHECK(counted[9] > 400);
        balancer.use({}, cluster.pointers, cluster.table);
        CHECK_FALSE(balancer.pick({}));
        CHECK_FALSE(balancer.pick({0, Numbers{4}}));
    }
}

TEST_CASE("Workers with other seeds begin elsewhere, and equal seeds repeat", "[upstream]") {
    const Cluster cluster(Numbers(100, 1));
    const auto first_pick = [&](Balance balance, std::uint64_t of_seed) {
        Balancer balancer(balance, of_seed);
        balancer.use(cluster.candidates, cluster.pointers);
        return balancer.pick({}).value();
    };
    for (const Balance balance : {Balance::RoundRobin, Balance::LeastRequest, Balance::Random}) {
        CHECK(first_pick(balance, 1) == first_pick(balance, 1));
        CHECK((first_pick(balance, 1) != first_pick(balance, 2) || first_pick(balance, 1) != first_pick(balance, 3)));
    }
}

TEST_CASE("LeastRequest takes the less busy of two for their weights", "[upstream]") {
    Cluster cluster({1, 1});
    Balancer balancer = cluster.balancer(Balance::LeastRequest);
    cluster.loads[0].active = 5;
    cluster.loads[1].active = 4;
    CHECK(count_picks(balancer, 2, 1000)[1] == 1000);
    cluster.loads[1].active = 6;
    CHECK(count_picks(balancer, 2, 1000)[0] == 1000);

    Cluster uneven({10, 1});
    Balancer weighing = uneven.balancer(Balance::LeastRequest);
    uneven.loads[0].active = 19;
    uneven.loads[1].active = 2;
    CHECK(count_picks(weighing, 2, 1000)[0] == 1000);
    uneven.loads[0].active = 21;
    CHECK(count_picks(weighing, 2, 1000)[1] == 1000);
}

TEST_CASE("LeastRequest keeps requests under way near the weights, and leaves a slow endpoint alone", "[upstream]") {
    Cluster cluster({4, 2, 1, 1});
    Balancer balancer = cluster.balancer(Balance::LeastRequest);
    // Each request goes to the endpoint that was picked, and none ends.
    for (int i = 0; i < 8000; ++i) ++cluster.loads[balancer.pick({}).value()].active;
    CHECK(cluster.loads[0].active == Approx(4000).margin(40));
    CHECK(cluster.loads[1].active == Approx(2000).margin(40));
    CHECK(cluster.loads[2].active == Approx(1000).margin(40));
    CHECK(cluster.loads[3].active == Approx(1000).margin(40));

    // An endpoint that hangs is never the less busy one.
    Cluster hanging(Numbers(10, 1));
    Balancer sparing = hanging.balancer(Balance::LeastRequest);
    hanging.loads[3].active = 1000;
    CHECK(count_picks(sparing, 10, 1000)[3] == 0);
}

TEST_CASE("LeastRequest counts endpoints without a load as idle", "[upstream]") {
    const Cluster cluster({1, 1});
    Balancer balancer(Balance::LeastRequest, seed);
    balancer.use(cluster.candidates, {});
    CHECK(count_picks(balancer, 2, 1000)[0] > 400);
}

TEST_CASE("WeightedChoice draws thousands of unequal places by their weights", "[upstream]") {
    Numbers weights;
    double total = 0;
    for (std::uint32_t i = 0; i < 2000; ++i) total += weights.emplace_back(i % 7 == 0 ? 0 : i);
    const WeightedChoice choice(weights);
    Random random(seed);
    std::vector<double> counted(weights.size());
    constexpr int draws = 2'000'000;
    for (int i = 0; i < draws; ++i) ++counted[choice.draw(random)];
    for (std::size_t i = 0; i < weights.size(); ++i) check_share(counted[i], draws, weights[i] / total);
}
