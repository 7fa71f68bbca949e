#include "base/random.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <set>

using sluice::Random;

TEST_CASE("Random repeats for a seed and differs between seeds", "[base]") {
    Random a(1);
    Random b(1);
    Random c(2);
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t number = a.next();
        CHECK(number == b.next());
        CHECK(number != c.next());
    }
}

TEST_CASE("Random is SplitMix64", "[base]") {
    Random random(1234567);
    CHECK(random.next() == 6457827717110365317ULL);
    CHECK(random.next() == 3203168211198807973ULL);
}

TEST_CASE("Random does not repeat soon", "[base]") {
    Random random(0);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 10'000; ++i) CHECK(seen.insert(random.next()).second);
}

TEST_CASE("Random stays below its bound and reaches all of it evenly", "[base]") {
    Random random(7);
    CHECK(random.below(0) == 0);
    CHECK(random.below(1) == 0);
    std::array<int, 10> counts{};
    for (int i = 0; i < 100'000; ++i) ++counts.at(random.below(10));
    for (const int count : counts) {
        CHECK(count > 9'500);
        CHECK(count < 10'500);
    }
}
