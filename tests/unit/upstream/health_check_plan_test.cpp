#include "upstream/health_check_plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>

using namespace sluice;
using namespace std::chrono_literals;
using upstream::is_expected;
using upstream::next_check;

TEST_CASE("The next check comes after an interval, moved by its jitter, row by row", "[upstream]") {
    struct Row {
        config::milliseconds interval;
        std::uint32_t jitter_percent;
        config::milliseconds least;
        config::milliseconds most;
    };
    const Row row = GENERATE(values<Row>({
        {5s, 10, 4500ms, 5500ms},
        {5s, 0, 5s, 5s},
        {5s, 50, 2500ms, 7500ms},
        {100ms, 50, 50ms, 150ms},
        {24h, 50, 12h, 36h},
    }));
    config::HealthCheck config;
    config.interval = row.interval;
    config.jitter_percent = row.jitter_percent;
    Random random(3);
    Duration least = Duration::max();
    Duration most = Duration::zero();
    for (int i = 0; i < 2000; ++i) {
        const Duration next = next_check(config, random);
        least = std::min(least, next);
        most = std::max(most, next);
    }
    CHECK(least >= row.least);
    CHECK(most <= row.most);
    // It makes use of the whole range.
    const Duration margin = (row.most - row.least) / 50;
    CHECK(least <= row.least + margin);
    CHECK(most >= row.most - margin);
}

TEST_CASE("An endpoint is well by its status and a part of its body, row by row", "[upstream]") {
    struct Row {
        std::uint16_t status;
        std::string wanted;
        std::string body;
        bool expected;
    };
    const Row row = GENERATE(values<Row>({
        {200, "", "", true},
        {204, "", "", true},
        {299, "", "whatever", true},
        {302, "", "", false},
        {418, "", "", true},
        {503, "", "", false},
        {199, "", "", false},
        {200, "ready", "I am ready.", true},
        {200, "ready", "ready", true},
        {200, "ready", "read", false},
        {200, "ready", "", false},
        {503, "ready", "ready", false},
    }));
    config::HealthCheck config;
    config.statuses = {{200, 299}, {418, 418}};
    config.body = row.wanted;
    CHECK(is_expected(config, row.status, row.body) == row.expected);
    CHECK(upstream::needs_body(config) == !row.wanted.empty());
}

TEST_CASE("A health check looks at the first 64 KiB of a body", "[upstream]") {
    config::HealthCheck config;
    config.body = "ok";
    const std::string before(upstream::health_body_bytes - 2, ' ');
    CHECK(is_expected(config, 200, before + "ok"));
    CHECK_FALSE(is_expected(config, 200, before + " ok"));
}
