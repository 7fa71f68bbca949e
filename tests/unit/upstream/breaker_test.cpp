#include "upstream/breaker.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "support/moment.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::Admission;
using upstream::Breaker;
using upstream::BreakerState;
using upstream::Outcome;
using test::at;
using Kind = Admission::Kind;

namespace {

/// All rules off.
config::Breaker no_rules() {
    config::Breaker config;
    config.error_percent = 0;
    return config;
}

config::Breaker opens_after(std::uint32_t failures) {
    config::Breaker config = no_rules();
    config.consecutive_failures = failures;
    config.open_time = 5s;
    config.probes = 2;
    return config;
}

void request(Breaker& breaker, Outcome outcome, Duration now, Duration to_head = 1ms) {
    const Admission admission = breaker.admit(at(now));
    REQUIRE(admission.is_admitted());
    breaker.finish(admission, outcome, to_head, at(now));
}

/// Opens a breaker of `opens_after(1)` at `now`.
void open(Breaker& breaker, Duration now) {
    request(breaker, Outcome::Failure, now);
    REQUIRE(breaker.state(at(now)) == BreakerState::Open);
}

}  // namespace

TEST_CASE("Breaker is closed at first and has never changed", "[upstream]") {
    Breaker breaker(opens_after(1));
    CHECK(breaker.state(at(0s)) == BreakerState::Closed);
    CHECK_FALSE(breaker.last_change());
    CHECK(breaker.retry_after(at(0s)) == 0s);
    CHECK(breaker.admit(at(0s)).kind == Kind::Closed);
}

TEST_CASE("Breaker opens by the requests that it is told of, row by row", "[upstream]") {
    struct Row {
        std::string what;
        std::uint32_t in_a_row;
        std::uint32_t error_percent;
        std::uint32_t slow_percent;
        /// f fails, s succeeds, l succeeds late, a is abandoned; a digit lets so many seconds pass.
        std::string requests;
        bool opens;
    };
    const Row row = GENERATE(values<Row>({
        {"failures in a row", 3, 0, 0, "fff", true},
        {"one too few", 3, 0, 0, "ff", false},
        {"a success begins anew", 3, 0, 0, "ffsff", false},
        {"a late success begins anew too", 3, 0, 0, "fflff", false},
        {"an abandoned one says nothing", 3, 0, 0, "ffaf", true},
        {"in a row over any time", 3, 0, 0, "f9f9f", true},
        {"all rules off", 0, 0, 0, "ffffffffff", false},
        {"half of four", 0, 50, 0, "sffs", false},
        {"half of four, the last one fails", 0, 50, 0, "ssff", true},
        {"too few requests for a share", 0, 50, 0, "fff", false},
        {"less than the share", 0, 50, 0, "sssffssf", false},
        {"abandoned ones do not count as requests", 0, 50, 0, "faaaf", false},
        {"the window forgets", 0, 50, 0, "ff99ff", false},
        {"the window remembers", 0, 50, 0, "ff7ff", true},
        {"a full share", 0, 100, 0, "ffff", true},
        {"a full share but for one", 0, 100, 0, "sffff", false},
        {"late ones", 0, 0, 50, "ssll", true},
        {"late ones where only errors count", 0, 50, 0, "llll", false},
        {"errors where only late ones count", 0, 0, 50, "ffff", false},
        {"late ones and errors are not added", 0, 60, 60, "lflf", false},
        {"both rules, one holds", 2, 90, 0, "ssssff", true},
    }));
    INFO(row.what);
    config::Breaker config;
    config.consecutive_failures = row.in_a_row;
    config.error_percent = row.error_percent;
    config.slow_percent = row.slow_percent;
    config.slow_after = 1s;
    config.window = 10s;
    config.min_requests = 4;
    Breaker breaker(config);
    Duration now = 0s;
    for (const char what : row.requests) {
        if (what >= '0' && what <= '9') {
            now += std::chrono::seconds(what - '0');
            continue;
        }
        const Outcome outcome = what == 'f'   ? Outcome::Failure
                                : what == 'a' ? Outcome::Abandoned
                                              : Outcome::Success;
        request(breaker, outcome, now, what == 'l' ? 1001ms : 1000ms);
    }
    CHECK((breaker.state(at(now)) == BreakerState::Open) == row.opens);
    CHECK(breaker.opened() == (row.opens ? 1 : 0));
}

TEST_CASE("Breaker tells who opened it, once", "[upstream]") {
    Breaker breaker(opens_after(2));
    const Admission first = breaker.admit(at(0s));
    const Admission second = breaker.admit(at(0s));
    const Admission third = breaker.admit(at(0s));
    CHECK(breaker.finish(first, Outcome::Failure, 1ms, at(1s)) == std::nullopt);
    CHECK(breaker.finish(second, Outcome::Failure, 1ms, at(1s)) == BreakerState::Open);
    CHECK(breaker.finish(third, Outcome::Failure, 1ms, at(2s)) == std::nullopt);
    CHECK(breaker.opened() == 1);
    CHECK(breaker.last_change() == at(1s));
}

TEST_CASE("Breaker refuses while it is open and says for how long", "[upstream]") {
    Breaker breaker(opens_after(1));
    open(breaker, 0s);
    CHECK(breaker.retry_after(at(0s)) == 5s);
    CHECK(breaker.retry_after(at(3s)) == 2s);
    CHECK(breaker.admit(at(0s)).kind == Kind::Open);
    CHECK(breaker.admit(at(4999ms)).kind == Kind::Open);
    CHECK(breaker.refused_open() == 2);
    CHECK(breaker.state(at(4999ms)) == BreakerState::Open);
    CHECK(breaker.state(at(5s)) == BreakerState::HalfOpen);
    CHECK(breaker.retry_after(at(5s)) == 0s);
}

TEST_CASE("Breaker lets as many probes through as are configured", "[upstream]") {
    Breaker breaker(opens_after(1));
    open(breaker, 0s);
    CHECK(breaker.admit(at(5s)).kind == Kind::Probe);
    CHECK(breaker.last_change() == at(5s));
    CHECK(breaker.admit(at(5s)).kind == Kind::Probe);
    CHECK(breaker.admit(at(5s)).kind == Kind::Open);
    CHECK(breaker.admit(at(50s)).kind == Kind::Open);
    CHECK(breaker.state(at(50s)) == BreakerState::HalfOpen);
}

TEST_CASE("Breaker closes when all probes have succeeded", "[upstream]") {
    Breaker breaker(opens_after(1));
    open(breaker, 0s);
    const Admission first = breaker.admit(at(5s));
    CHECK(breaker.finish(first, Outcome::Success, 1ms, at(6s)) == std::nullopt);
    CHECK(breaker.state(at(6s)) == BreakerState::HalfOpen);
    const Admission second = breaker.admit(at(6s));
    // Two in all, not two at a time.
    CHECK(breaker.admit(at(6s)).kind == Kind::Open);
    CHECK(breaker.finish(second, Outcome::Success, 1ms, at(7s)) == BreakerState::Closed);
    CHECK(breaker.state(at(7s)) == BreakerState::Closed);
    CHECK(breaker.last_change() == at(7s));
    CHECK(breaker.admit(at(7s)).kind == Kind::Closed);
}

TEST_CASE("Breaker opens again, for its whole time, when one probe fails", "[upstream]") {
    Breaker breaker(opens_after(1));
    open(breaker, 0s);
    const Admission first = breaker.admit(at(5s));
    const Admission second = breaker.admit(at(5s));
    CHECK(breaker.finish(first, Outcome::Failure, 1ms, at(6s)) == BreakerState::Open);
    CHECK(breaker.opened() == 2);
    CHECK(breaker.retry_after(at(6s)) == 5s);
    // What the other one meets comes too late to matter.
    CHECK(breaker.finish(second, Outcome::Success, 1ms, at(7s)) == std::nullopt);
    CHECK(breaker.admit(at(10s)).kind == Kind::Open);
    CHECK(breaker.admit(at(11s)).kind == Kind::Probe);
}

TEST_CASE("Breaker gives an abandoned probe's place to another request", "[upstream]") {
    Breaker breaker(opens_after(1));
    open(breaker, 0s);
    const Admission first = breaker.admit(at(5s));
    const Admission second = breaker.admit(at(5s));
    REQUIRE(breaker.admit(at(5s)).kind == Kind::Open);
    CHECK(breaker.finish(first, Outcome::Abandoned, 0ms, at(6s)) == std::nullopt);
    const Admission third = breaker.admit(at(6s));
    CHECK(third.kind == Kind::Probe);
    breaker.finish(second, Outcome::Success, 1ms, at(6s));
    CHECK(breaker.finish(third, Outcome::Success, 1ms, at(6s)) == BreakerState::Closed);
}

TEST_CASE("Breaker takes a slow probe for a failed one only while it watches for slow ones", "[upstream]") {
    const bool watches = GENERATE(true, false);
    config::Breaker config = opens_after(1);
    config.slow_percent = watches ? 50 : 0;
    config.slow_after = 1s;
    config.probes = 1;
    Breaker breaker(config);
    open(breaker, 0s);
    const Admission probe = breaker.admit(at(5s));
    CHECK(breaker.finish(probe, Outcome::Success, 2s, at(7s)) ==
          (watches ? BreakerState::Open : BreakerState::Closed));
}

TEST_CASE("Breaker never runs more probes at a time, those of an earlier try included", "[upstream]") {
    Breaker breaker(opens_after(1));
    open(breaker, 0s);
    const Admission failing = breaker.admit(at(5s));
    const Admission hanging = breaker.admit(at(5s));
    breaker.finish(failing, Outcome::Failure, 1ms, at(5s));
    const Admission next = breaker.admit(at(10s));
    CHECK(next.kind == Kind::Probe);
    CHECK(breaker.admit(at(10s)).kind == Kind::Open);
    breaker.finish(hanging, Outcome::Failure, 1ms, at(10s));
    CHECK(breaker.state(at(10s)) == BreakerState::HalfOpen);
    CHECK(breaker.admit(at(10s)).kind == Kind::Probe);
    CHECK(breaker.admit(at(10s)).kind == Kind::Open);
}

TEST_CASE("Breaker closes by probes one after the other while an earlier one hangs", "[upstream]") {
    Breaker breaker(opens_after(1));
    open(breaker, 0s);
    const Admission failing = breaker.admit(at(5s));
    const Admission hanging = breaker.admit(at(5s));
    breaker.finish(failing, Outcome::Failure, 1ms, at(5s));
    request(breaker, Outcome::Success, 10s);
    request(breaker, Outcome::Success, 10s);
    CHECK(breaker.state(at(10s)) == BreakerState::Closed);
    CHECK(breaker.finish(hanging, Outcome::Failure, 1ms, at(11s)) == std::nullopt);
    CHECK(breaker.state(at(11s)) == BreakerState::Closed);
}

TEST_CASE("Breaker takes no notice of requests from before it opened", "[upstream]") {
    Breaker breaker(opens_after(1));
    const Admission late_failure = breaker.admit(at(0s));
    const Admission late_success = breaker.admit(at(0s));
    const Admission very_late = breaker.admit(at(0s));
    open(breaker, 0s);

    SECTION("while it is open") {
        CHECK(breaker.finish(late_success, Outcome::Success, 1ms, at(1s)) == std::nullopt);
        CHECK(breaker.finish(late_failure, Outcome::Failure, 1ms, at(1s)) == std::nullopt);
        CHECK(breaker.retry_after(at(1s)) == 4s);
    }
    SECTION("while it is half-open") {
        const Admission probe = breaker.admit(at(5s));
        CHECK(breaker.finish(late_failure, Outcome::Failure, 1ms, at(6s)) == std::nullopt);
        CHECK(breaker.finish(late_success, Outcome::Success, 1ms, at(6s)) == std::nullopt);
        CHECK(breaker.finish(very_late, Outcome::Success, 1ms, at(6s)) == std::nullopt);
        CHECK(breaker.state(at(6s)) == BreakerState::HalfOpen);
        CHECK(breaker.finish(probe, Outcome::Success, 1ms, at(6s)) == std::nullopt);
    }
    SECTION("when it has closed again") {
        request(breaker, Outcome::Success, 5s);
        request(breaker, Outcome::Success, 5s);
        REQUIRE(breaker.state(at(5s)) == BreakerState::Closed);
        CHECK(breaker.finish(late_failure, Outcome::Failure, 1ms, at(6s)) == std::nullopt);
        CHECK(breaker.state(at(6s)) == BreakerState::Closed);
    }
}

TEST_CASE("Breaker begins to count failures in a row anew after it has closed", "[upstream]") {
    Breaker breaker(opens_after(2));
    const Admission late = breaker.admit(at(0s));
    request(breaker, Outcome::Failure, 0s);
    request(breaker, Outcome::Failure, 0s);
    request(breaker, Outcome::Success, 5s);
    request(breaker, Outcome::Success, 5s);
    REQUIRE(breaker.state(at(5s)) == BreakerState::Closed);
    // Neither those that opened it nor one from before it opened count along with the next.
    breaker.finish(late, Outcome::Failure, 1ms, at(5s));
    request(breaker, Outcome::Failure, 5s);
    CHECK(breaker.state(at(5s)) == BreakerState::Closed);
    request(breaker, Outcome::Failure, 5s);
    CHECK(breaker.state(at(5s)) == BreakerState::Open);
}

TEST_CASE("Breaker begins with an empty window after it has closed", "[upstream]") {
    config::Breaker config = no_rules();
    config.error_percent = 50;
    config.window = 60s;
    config.min_requests = 4;
    config.open_time = 1s;
    config.probes = 1;
    Breaker breaker(config);
    const Admission late = breaker.admit(at(0s));
    for (int i = 0; i < 4; ++i) request(breaker, Outcome::Failure, 0s);
    REQUIRE(breaker.state(at(0s)) == BreakerState::Open);
    request(breaker, Outcome::Success, 1s);
    REQUIRE(breaker.state(at(1s)) == BreakerState::Closed);
    breaker.finish(late, Outcome::Failure, 1ms, at(1s));
    for (int i = 0; i < 3; ++i) request(breaker, Outcome::Failure, 1s);
    CHECK(breaker.state(at(1s)) == BreakerState::Closed);
    request(breaker, Outcome::Failure, 1s);
    CHECK(breaker.state(at(1s)) == BreakerState::Open);
}

TEST_CASE("Breaker holds requests under way to their limit in every state", "[upstream]") {
    config::Breaker config = opens_after(1);
    config.max_requests = 2;
    Breaker breaker(config);
    const Admission first = breaker.admit(at(0s));
    const Admission second = breaker.admit(at(0s));
    CHECK(breaker.admit(at(0s)).kind == Kind::Full);
    CHECK(breaker.refused_full() == 1);
    CHECK(breaker.under_way() == 2);

    SECTION("the outcome alone gives no place back") {
        breaker.record(first, Outcome::Success, 1ms, at(0s));
        CHECK(breaker.admit(at(0s)).kind == Kind::Full);
        breaker.leave(first);
        CHECK(breaker.admit(at(0s)).kind == Kind::Closed);
    }
    SECTION("an abandoned request gives its place back") {
        breaker.finish(first, Outcome::Abandoned, 0ms, at(0s));
        CHECK(breaker.admit(at(0s)).kind == Kind::Closed);
    }
    SECTION("a refused one has none to give") {
        const Admission full = breaker.admit(at(0s));
        breaker.finish(full, Outcome::Failure, 1ms, at(0s));
        CHECK(breaker.under_way() == 2);
        CHECK(breaker.state(at(0s)) == BreakerState::Closed);
    }
    SECTION("a probe needs a place as well") {
        breaker.finish(first, Outcome::Failure, 1ms, at(0s));
        CHECK(breaker.admit(at(0s)).kind == Kind::Open);
        const Admission probe = breaker.admit(at(5s));
        CHECK(probe.kind == Kind::Probe);
        CHECK(breaker.admit(at(5s)).kind == Kind::Full);
        breaker.finish(second, Outcome::Success, 1ms, at(5s));
        CHECK(breaker.admit(at(5s)).kind == Kind::Probe);
        CHECK(breaker.under_way() == 2);
    }
}

TEST_CASE("Breaker without a limit does not count requests under way", "[upstream]") {
    Breaker breaker(opens_after(1));
    const Admission admission = breaker.admit(at(0s));
    CHECK(breaker.under_way() == 0);
    breaker.finish(admission, Outcome::Success, 1ms, at(0s));
    CHECK(breaker.under_way() == 0);
}

TEST_CASE("Breaker gives a probe's place on when its head has come, while its body is under way", "[upstream]") {
    config::Breaker config = opens_after(1);
    config.probes = 1;
    Breaker breaker(config);
    open(breaker, 0s);
    const Admission probe = breaker.admit(at(5s));
    CHECK(breaker.record(probe, Outcome::Success, 1ms, at(5s)) == BreakerState::Closed);
    breaker.leave(probe);
    CHECK(breaker.state(at(5s)) == BreakerState::Closed);
}

TEST_CASE("A breaker that is held open refuses everything until it is let go, then tries the cluster", "[upstream]") {
    Breaker breaker(opens_after(1));
    breaker.force(BreakerState::Open, at(0s));
    CHECK(breaker.forced() == BreakerState::Open);
    CHECK(breaker.state(at(1h)) == BreakerState::Open);
    CHECK(breaker.admit(at(1h)).kind == Kind::Open);
    CHECK(breaker.retry_after(at(1h)) == 5s);
    breaker.force(std::nullopt, at(2h));
    CHECK_FALSE(breaker.forced());
    CHECK(breaker.state(at(2h)) == BreakerState::HalfOpen);
    request(breaker, Outcome::Success, 2h);
    request(breaker, Outcome::Success, 2h);
    CHECK(breaker.state(at(2h)) == BreakerState::Closed);
}

TEST_CASE("A breaker that is held closed lets everything through, and forgets what failed meanwhile", "[upstream]") {
    Breaker breaker(opens_after(2));
    breaker.force(BreakerState::Closed, at(0s));
    for (int i = 0; i < 10; ++i) request(breaker, Outcome::Failure, 1s);
    CHECK(breaker.state(at(1s)) == BreakerState::Closed);
    breaker.force(std::nullopt, at(2s));
    request(breaker, Outcome::Failure, 3s);
    CHECK(breaker.state(at(3s)) == BreakerState::Closed);
    request(breaker, Outcome::Failure, 3s);
    CHECK(breaker.state(at(3s)) == BreakerState::Open);
}

TEST_CASE("An open breaker can be held closed, and outcomes of before say nothing", "[upstream]") {
    Breaker breaker(opens_after(1));
    const Admission early = breaker.admit(at(0s));
    open(breaker, 0s);
    breaker.force(BreakerState::Closed, at(1s));
    CHECK(breaker.admit(at(1s)).kind == Kind::Closed);
    CHECK_FALSE(breaker.finish(early, Outcome::Failure, 1ms, at(1s)));
    CHECK(breaker.state(at(1s)) == BreakerState::Closed);
}
