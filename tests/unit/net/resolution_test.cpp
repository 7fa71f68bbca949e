#include "net/resolution.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::net;
using namespace std::chrono_literals;

using Addresses = std::vector<ResolvedAddress>;

TEST_CASE("addresses are ordered by priority, address and port, each once", "[net][resolver]") {
    Addresses addresses{{"10.0.0.2", 80, 1, 5}, {"10.0.0.1", 81, 1, 5}, {"10.0.0.1", 80, 1, 5}, {"10.0.0.2", 80, 1, 5}};
    put_in_order(addresses);
    CHECK(addresses == Addresses{{"10.0.0.1", 80, 1, 0}, {"10.0.0.1", 81, 1, 0}, {"10.0.0.2", 80, 1, 0}});
}

TEST_CASE("an address under two priorities keeps the one that is used first", "[net][resolver]") {
    Addresses addresses{{"10.0.0.1", 80, 7, 300}, {"10.0.0.2", 80, 1, 200}, {"10.0.0.1", 80, 2, 100}};
    put_in_order(addresses);
    CHECK(addresses == Addresses{{"10.0.0.1", 80, 2, 0}, {"10.0.0.2", 80, 1, 1}});
}

TEST_CASE("more priorities than ranks share the last one", "[net][resolver]") {
    Addresses addresses;
    for (std::uint16_t i = 0; i < 20; ++i) addresses.push_back({"10.0.0.1", i, 1, 1000U + i * 7U});
    put_in_order(addresses);
    CHECK(addresses[3].priority == 3);
    CHECK(addresses[15].priority == last_priority);
    CHECK(addresses[19].priority == last_priority);
}

TEST_CASE("the next lookup comes with the TTL, between the shortest and the longest interval", "[net][resolver]") {
    const ResolverSettings settings{.servers = {}, .interval = 30s, .min_interval = 5s};
    CHECK(refresh_delay(settings, 10s) == 10s);
    CHECK(refresh_delay(settings, 0s) == 5s);
    CHECK(refresh_delay(settings, 3600s) == 30s);
}

TEST_CASE("failed lookups are repeated at intervals that double up to the longest", "[net][resolver]") {
    const ResolverSettings settings{.servers = {}, .interval = 30s, .min_interval = 5s};
    CHECK(retry_delay(settings, 1) == 5s);
    CHECK(retry_delay(settings, 2) == 10s);
    CHECK(retry_delay(settings, 3) == 20s);
    CHECK(retry_delay(settings, 4) == 30s);
    CHECK(retry_delay(settings, 4'000'000'000) == 30s);
}

TEST_CASE("the longest interval wins over a shortest that is longer", "[net][resolver]") {
    const ResolverSettings settings{.servers = {}, .interval = 1s, .min_interval = 5s};
    CHECK(refresh_delay(settings, 3s) == 1s);
    CHECK(retry_delay(settings, 1) == 1s);
}
