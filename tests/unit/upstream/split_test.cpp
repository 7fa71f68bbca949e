#include "upstream/split.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

using sluice::Random;
using sluice::upstream::Split;

TEST_CASE("Split shares requests between clusters by weight", "[upstream]") {
    const std::vector<std::uint32_t> weights{90, 9, 0, 1};
    const Split split(weights);
    Random random(7);
    std::array<int, 4> counted{};
    constexpr int requests = 100'000;
    for (int i = 0; i < requests; ++i) ++counted.at(split.pick(random));
    // Within five standard deviations: sqrt(100,000 * 0.9 * 0.1) = 95, 90 and 31.
    CHECK(counted[0] == Approx(90'000).margin(475));
    CHECK(counted[1] == Approx(9000).margin(452));
    CHECK(counted[2] == 0);
    CHECK(counted[3] == Approx(1000).margin(157));
}

TEST_CASE("Split takes the first cluster where there is no choice", "[upstream]") {
    Random random(7);
    CHECK(Split().pick(random) == 0);
    CHECK(Split(std::vector<std::uint32_t>{5}).pick(random) == 0);
    CHECK(Split(std::vector<std::uint32_t>{0, 0}).pick(random) == 0);
}
