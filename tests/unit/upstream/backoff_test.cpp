#include "upstream/backoff.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

using namespace sluice;
using namespace std::chrono_literals;
using upstream::backoff;

namespace {

config::Retry waits(config::milliseconds first, config::milliseconds longest) {
    config::Retry config;
    config.backoff = first;
    config.max_backoff = longest;
    return config;
}

}  // namespace

TEST_CASE("Backoff waits between half and the whole of a time that doubles, row by row", "[upstream]") {
    struct Row {
        config::milliseconds first;
        config::milliseconds longest;
        std::uint32_t retry_number;
        config::milliseconds whole;
    };
    const Row row = GENERATE(values<Row>({
        // first, longest, retry, whole
        {25ms, 1s, 0, 0ms},
        {25ms, 1s, 1, 0ms},
        {25ms, 1s, 2, 25ms},
        {25ms, 1s, 3, 50ms},
        {25ms, 1s, 4, 100ms},
        {25ms, 1s, 7, 800ms},
        {25ms, 1s, 8, 1000ms},
        {25ms, 1s, 9, 1000ms},
        {25ms, 1s, 4'000'000'000, 1000ms},
        {2s, 1s, 2, 1000ms},
        {0ms, 1s, 2, 0ms},
        {0ms, 1s, 4'000'000'000, 0ms},
        {25ms, 0ms, 5, 0ms},
        {1h, 1h, 99, 1h},
    }));
    const config::Retry config = waits(row.first, row.longest);
    Random random(7);
    Duration least = Duration::max();
    Duration most = Duration::zero();
    for (int i = 0; i < 2000; ++i) {
        const Duration wait = backoff(config, row.retry_number, random);
        least = std::min(least, wait);
        most = std::max(most, wait);
    }
    CHECK(least >= row.whole / 2);
    CHECK(most <= row.whole);
    // It makes use of the whole range.
    CHECK(least <= row.whole * 52 / 100);
    CHECK(most >= row.whole * 98 / 100);
}
