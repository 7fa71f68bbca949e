#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "upstream/ejection.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::EndpointEjection;
using upstream::Ejector;
using upstream::Failure;

namespace {

constexpr int ejecting_threads = 4;
constexpr int ejecting_rounds = 50'000;

struct Counts {
    std::atomic<int> ejections{0};
    std::atomic<int> returns{0};
    std::atomic<std::uint32_t> most{0};
};

void run(Ejector& ejector, std::array<EndpointEjection, 4>& endpoints, std::atomic<int>& clock, Counts& counts) {
    for (std::size_t i = 0; i < ejecting_rounds; ++i) {
        const TimePoint now = TimePoint{} + 1h + std::chrono::milliseconds(clock.fetch_add(1));
        EndpointEjection& endpoint = endpoints[i / 8 % endpoints.size()];
        if (ejector.fail(endpoint, Failure::Connect, 4, now)) counts.ejections.fetch_add(1);
        std::uint32_t most = counts.most.load();
        const std::uint32_t out = ejector.ejected();
        while (out > most && !counts.most.compare_exchange_weak(most, out)) {
        }
        if (ejector.return_if_due(endpoint, now)) counts.returns.fetch_add(1);
    }
}

}  // namespace

TEST_CASE("Ejector has one ejection and one return for each, whatever threads do", "[upstream]") {
    config::Ejection config;
    config.connect_failures = 1;
    config.time = 1ms;
    config.max_time = 3ms;
    config.max_percent = 50;
    Ejector ejector(config);
    std::array<EndpointEjection, 4> endpoints;
    std::atomic<int> clock{0};
    Counts counts;
    std::vector<std::thread> threads;
    for (int i = 0; i < ejecting_threads; ++i) {
        threads.emplace_back([&] { run(ejector, endpoints, clock, counts); });
    }
    for (std::thread& thread : threads) thread.join();

    CHECK(counts.most.load() <= 2);
    CHECK(counts.ejections.load() > 4);
    CHECK(static_cast<std::uint32_t>(counts.ejections.load() - counts.returns.load()) == ejector.ejected());
    for (EndpointEjection& endpoint : endpoints) {
        if (ejector.return_if_due(endpoint, TimePoint{} + 10h)) counts.returns.fetch_add(1);
    }
    CHECK(counts.ejections.load() == counts.returns.load());
    CHECK(ejector.ejected() == 0);
}
