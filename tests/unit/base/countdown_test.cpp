#include "base/countdown.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using sluice::Countdown;

TEST_CASE("A countdown ends when every thread has counted, and not before", "[base]") {
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> counted{0};
        std::vector<std::thread> threads;
        {
            Countdown countdown(4);
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] {
                    ++counted;
                    countdown.count_down();
                });
            }
            countdown.wait();
            CHECK(counted == 4);
        }
        for (std::thread& thread : threads) thread.join();
    }
}

TEST_CASE("A countdown of nothing has ended", "[base]") {
    Countdown(0).wait();
    SUCCEED();
}
