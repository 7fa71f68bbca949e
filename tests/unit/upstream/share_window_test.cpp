#include "upstream/share_window.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "support/moment.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::ShareWindow;
using test::at;
using Kind = ShareWindow::Kind;

TEST_CASE("ShareWindow counts what fails and what is slow among all requests", "[upstream]") {
    ShareWindow window(10s);
    window.count(Kind::Fine, at(0s));
    window.count(Kind::Failure, at(3s));
    window.count(Kind::Slow, at(9s));
    window.count(Kind::Slow, at(9s));
    const ShareWindow::Totals totals = window.totals(at(9s));
    CHECK(totals.requests == 4);
    CHECK(totals.failures == 1);
    CHECK(totals.slow == 2);
}

TEST_CASE("ShareWindow forgets a tenth as soon as its length is over", "[upstream]") {
    ShareWindow window(10s);
    window.count(Kind::Failure, at(0s));
    window.count(Kind::Failure, at(1s));
    CHECK(window.totals(at(9999ms)).failures == 2);
    CHECK(window.totals(at(10s)).failures == 1);
    CHECK(window.totals(at(11s)).failures == 0);
}

TEST_CASE("ShareWindow uses a bucket again, empty", "[upstream]") {
    ShareWindow window(10s);
    window.count(Kind::Failure, at(0s));
    window.count(Kind::Fine, at(10s));
    CHECK(window.totals(at(10s)).requests == 1);
    CHECK(window.totals(at(10s)).failures == 0);
    window.count(Kind::Slow, at(500s));
    CHECK(window.totals(at(500s)).requests == 1);
}

TEST_CASE("ShareWindow takes nothing from a thread whose time lags behind by a window", "[upstream]") {
    ShareWindow window(10s);
    window.count(Kind::Fine, at(10s));
    window.count(Kind::Failure, at(0s));
    CHECK(window.totals(at(10s)).requests == 1);
    CHECK(window.totals(at(10s)).failures == 0);
}

TEST_CASE("ShareWindow is empty after it was cleared, and counts on", "[upstream]") {
    ShareWindow window(10s);
    window.count(Kind::Failure, at(0s));
    window.clear();
    CHECK(window.totals(at(0s)).requests == 0);
    window.count(Kind::Fine, at(0s));
    CHECK(window.totals(at(0s)).requests == 1);
    CHECK(window.totals(at(0s)).failures == 0);
}

TEST_CASE("ShareWindow loses nothing between threads within one tenth", "[upstream]") {
    ShareWindow window(10s);
    window.count(Kind::Fine, at(0s));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&window] {
            for (int j = 0; j < 5000; ++j) window.count(Kind::Failure, at(0s));
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(window.totals(at(0s)).requests == 20'001);
    CHECK(window.totals(at(0s)).failures == 20'000);
}
