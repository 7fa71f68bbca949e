#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "upstream/breaker.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::Admission;
using upstream::Breaker;
using upstream::BreakerState;
using upstream::Outcome;

namespace {

constexpr int thread_count = 4;
constexpr int rounds = 50'000;

/// The most that ran at a time.
class Gauge {
public:
    void enter() {
        const int running = running_.fetch_add(1) + 1;
        int most = most_.load();
        while (running > most && !most_.compare_exchange_weak(most, running)) {
        }
    }
    void leave() { running_.fetch_sub(1); }
    [[nodiscard]] int most() const { return most_.load(); }
    [[nodiscard]] int running() const { return running_.load(); }

private:
    std::atomic<int> running_{0};
    std::atomic<int> most_{0};
};

struct Observed {
    Gauge probes;
    Gauge requests;
    std::atomic<int> opened{0};
    /// A millisecond further with each request, of whichever thread.
    std::atomic<int> clock{0};
};

void run_requests(Breaker& breaker, Observed& observed, std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < rounds; ++i) {
        const TimePoint now = TimePoint{} + 1h + std::chrono::milliseconds(observed.clock.fetch_add(1));
        const Admission admission = breaker.admit(now);
        if (!admission.is_admitted()) {
            breaker.finish(admission, Outcome::Failure, 1ms, now);
            continue;
        }
        const bool is_probe = admission.kind == Admission::Kind::Probe;
        observed.requests.enter();
        if (is_probe) observed.probes.enter();
        if (random.below(4) == 0) std::this_thread::yield();
        if (is_probe) observed.probes.leave();
        observed.requests.leave();
        const std::uint32_t dice = random.below(10);
        const Outcome outcome = dice < 3 ? Outcome::Failure : dice < 5 ? Outcome::Abandoned : Outcome::Success;
        if (breaker.finish(admission, outcome, 1ms, now) == BreakerState::Open) observed.opened.fetch_add(1);
    }
}

}  // namespace

TEST_CASE("Breaker never lets more probes or requests run than it may, whatever threads do", "[upstream]") {
    config::Breaker config;
    config.consecutive_failures = 2;
    config.error_percent = 40;
    config.window = 1s;
    config.min_requests = 10;
    config.open_time = 1ms;
    config.probes = GENERATE(1U, 2U);
    config.max_requests = 3;
    Breaker breaker(config);
    Observed observed;
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; ++i) {
        threads.emplace_back([&, i] { run_requests(breaker, observed, static_cast<std::uint64_t>(i)); });
    }
    for (std::thread& thread : threads) thread.join();

    CHECK(observed.probes.most() <= static_cast<int>(config.probes));
    CHECK(observed.requests.most() <= 3);
    CHECK(breaker.under_way() == 0);
    CHECK(breaker.opened() > 1);
    CHECK(breaker.opened() == static_cast<std::uint64_t>(observed.opened.load()));
    CHECK(breaker.refused_open() > 0);

    // No place was lost: it can be closed still.
    const TimePoint end = TimePoint{} + 10h;
    for (int i = 0; i < 2 && breaker.state(end) != BreakerState::Closed; ++i) {
        const Admission probe = breaker.admit(end);
        REQUIRE(probe.kind == Admission::Kind::Probe);
        breaker.finish(probe, Outcome::Success, 1ms, end);
    }
    CHECK(breaker.state(end) == BreakerState::Closed);
}
