#include "upstream/retry_budget.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "support/moment.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::RetryBudget;
using test::at;

namespace {

std::uint32_t take_all(RetryBudget& budget, Duration now, std::uint32_t wanted) {
    std::uint32_t taken = 0;
    for (std::uint32_t i = 0; i < wanted; ++i) {
        if (budget.take_retry(at(now))) ++taken;
    }
    return taken;
}

/// Requests that all fail and want two retries each; the tries in all.
std::uint32_t tries_of_failing(RetryBudget& budget, std::uint32_t requests, Duration apart) {
    std::uint32_t tries = 0;
    for (std::uint32_t i = 0; i < requests; ++i) {
        budget.count_request(at(i * apart));
        tries += 1 + take_all(budget, i * apart, 2);
    }
    return tries;
}

}  // namespace

TEST_CASE("RetryBudget allows an idle gateway a few retries a second, and saves none up", "[upstream]") {
    RetryBudget budget(20, 3);
    CHECK(take_all(budget, 0s, 100) == 3);
    CHECK(take_all(budget, 999ms, 100) == 0);
    CHECK(take_all(budget, 1s, 100) == 3);
    CHECK(take_all(budget, 100s, 100) == 3);
}

TEST_CASE("RetryBudget allows a share of the requests", "[upstream]") {
    RetryBudget budget(20, 0);
    CHECK(take_all(budget, 0s, 100) == 0);
    for (int i = 0; i < 100; ++i) budget.count_request(at(0s));
    CHECK(take_all(budget, 0s, 100) == 20);
    CHECK(take_all(budget, 5s, 100) == 0);
    for (int i = 0; i < 10; ++i) budget.count_request(at(5s));
    CHECK(take_all(budget, 5s, 100) == 2);
}

TEST_CASE("RetryBudget looks back for ten seconds", "[upstream]") {
    RetryBudget budget(20, 0);
    for (int i = 0; i < 100; ++i) budget.count_request(at(0s));
    SECTION("requests still count") { CHECK(take_all(budget, 9s, 100) == 20); }
    SECTION("requests count no more") { CHECK(take_all(budget, 10s, 100) == 0); }
    SECTION("retries count no more either") {
        REQUIRE(take_all(budget, 0s, 100) == 20);
        for (int i = 0; i < 100; ++i) budget.count_request(at(9s));
        CHECK(take_all(budget, 9s, 100) == 20);
        CHECK(take_all(budget, 10s, 100) == 0);
        for (int i = 0; i < 100; ++i) budget.count_request(at(10s));
        CHECK(take_all(budget, 10s, 100) == 20);
    }
}

TEST_CASE("RetryBudget counts the few a second into the share", "[upstream]") {
    RetryBudget budget(10, 5);
    REQUIRE(take_all(budget, 0s, 100) == 5);
    for (int i = 0; i < 60; ++i) budget.count_request(at(0s));
    CHECK(take_all(budget, 0s, 100) == 1);
}

TEST_CASE("RetryBudget holds a cluster that fails as a whole to a fifth more", "[upstream]") {
    SECTION("all at once") {
        RetryBudget budget(20, 3);
        const std::uint32_t tries = tries_of_failing(budget, 1000, 0s);
        CHECK(tries <= 1200 + 3);
        CHECK(tries >= 1200);
    }
    SECTION("over ten seconds") {
        RetryBudget budget(20, 3);
        const std::uint32_t tries = tries_of_failing(budget, 1000, 10ms);
        CHECK(tries <= 1200 + 3 * 10);
        CHECK(tries >= 1200);
    }
    SECTION("over a hundred seconds, the share being less than the few a second") {
        RetryBudget budget(20, 3);
        const std::uint32_t tries = tries_of_failing(budget, 1000, 100ms);
        CHECK(tries <= 1200 + 3 * 100);
        CHECK(tries >= 1200);
    }
}

TEST_CASE("RetryBudget of nothing allows nothing", "[upstream]") {
    RetryBudget budget(0, 0);
    for (int i = 0; i < 100; ++i) budget.count_request(at(0s));
    CHECK(take_all(budget, 0s, 100) == 0);
}

TEST_CASE("RetryBudget may allow several retries for each request", "[upstream]") {
    RetryBudget budget(1000, 0);
    for (int i = 0; i < 10; ++i) budget.count_request(at(0s));
    CHECK(take_all(budget, 0s, 1000) == 100);
}
