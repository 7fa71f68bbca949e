#include "upstream/health_state.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "support/moment.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using upstream::Health;
using upstream::HealthState;
using test::at;

namespace {

config::HealthCheck thresholds(std::uint32_t healthy, std::uint32_t unhealthy) {
    config::HealthCheck config;
    config.healthy = healthy;
    config.unhealthy = unhealthy;
    return config;
}

}  // namespace

TEST_CASE("HealthState is unknown before the first check, and counts as up", "[upstream]") {
    const HealthState health(thresholds(2, 3));
    CHECK(health.state() == Health::Unknown);
    CHECK(health.is_up());
    CHECK_FALSE(health.report().changed_at);
    CHECK_FALSE(health.report().checked_at);
}

TEST_CASE("HealthState follows checks in a row, row by row", "[upstream]") {
    struct Row {
        std::string what;
        std::uint32_t healthy;
        std::uint32_t unhealthy;
        /// p passed, f failed.
        std::string checks;
        /// After each check: u up, d down; in capitals where `record` says that it changed.
        std::string states;
    };
    const Row row = GENERATE(values<Row>({
        {"the first one passes", 2, 3, "p", "U"},
        {"the first one fails", 2, 3, "f", "D"},
        {"three failures take it out", 2, 3, "pffff", "UuuDd"},
        {"a pass between begins anew", 2, 3, "pffpfff", "UuuuuuD"},
        {"two passes bring it back", 2, 3, "fppp", "DdUu"},
        {"a failure between begins anew", 2, 3, "fpfpp", "DdddU"},
        {"the first failure counts among those in a row", 2, 3, "ffff", "Dddd"},
        {"one is enough either way", 1, 1, "pfpf", "UDUD"},
        {"out and back", 2, 2, "pffpp", "UuDdU"},
    }));
    INFO(row.what);
    HealthState health(thresholds(row.healthy, row.unhealthy));
    std::string states;
    for (const char check : row.checks) {
        const bool has_changed = health.record(check == 'p', check == 'p' ? "" : "refused", at(0s));
        states += health.is_up() ? (has_changed ? 'U' : 'u') : (has_changed ? 'D' : 'd');
    }
    CHECK(states == row.states);
}

TEST_CASE("HealthState reports when it changed and what was wrong last", "[upstream]") {
    HealthState health(thresholds(1, 2));
    health.record(true, "", at(1s));
    health.record(false, "status 500", at(2s));
    HealthState::Report report = health.report();
    CHECK(report.state == Health::Up);
    CHECK(report.changed_at == at(1s));
    CHECK(report.checked_at == at(2s));
    CHECK(report.last_error == "status 500");
    CHECK(report.in_a_row == 1);

    health.record(false, "timed out", at(3s));
    report = health.report();
    CHECK(report.state == Health::Down);
    CHECK(report.changed_at == at(3s));
    CHECK(report.last_error == "timed out");
    CHECK(report.in_a_row == 2);

    health.record(true, "", at(4s));
    report = health.report();
    CHECK(report.state == Health::Up);
    CHECK(report.changed_at == at(4s));
    CHECK(report.last_error == "timed out");
    CHECK(report.failed_at == at(3s));
}

TEST_CASE("HealthState can be read while it is recorded", "[upstream]") {
    HealthState health(thresholds(1, 1));
    int without_text = 0;
    std::thread reader([&health, &without_text] {
        for (int i = 0; i < 2000; ++i) {
            const HealthState::Report report = health.report();
            if (report.state == Health::Down && report.last_error.empty()) ++without_text;
            static_cast<void>(health.is_up());
        }
    });
    for (int i = 0; i < 2000; ++i) health.record(i % 2 == 0, i % 2 == 0 ? "" : "refused", at(0s));
    reader.join();
    CHECK(without_text == 0);
    CHECK_FALSE(health.is_up());
}
