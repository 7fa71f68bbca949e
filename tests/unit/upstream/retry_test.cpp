#include "upstream/retry.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using upstream::FailedTry;
using upstream::may_retry;

namespace {

/// A reused connection that died under a GET before any answer: the case that is repeated.
FailedTry died_on_reuse() {
    return {.error = Retry::IfReused,
            .reused_connection = true,
            .response_bytes = 0,
            .idempotent = true,
            .body_replayable = true,
            .attempts = 1};
}

}  // namespace

TEST_CASE("A request is repeated only where nobody can have been harmed", "[upstream]") {
    struct Row {
        Retry error;
        bool reused;
        std::uint64_t response_bytes;
        bool idempotent;
        bool replayable;
        std::uint32_t attempts;
        bool expected;
    };
    const Row row = GENERATE(values<Row>({
        // error, reused, response bytes, idempotent, replayable, attempts, retried
        {Retry::IfReused, true, 0, true, true, 1, true},
        {Retry::IfReused, true, 0, true, true, 2, false},
        {Retry::IfReused, true, 0, true, false, 1, false},
        {Retry::IfReused, true, 0, false, true, 1, false},
        {Retry::IfReused, true, 1, true, true, 1, false},
        {Retry::IfReused, false, 0, true, true, 1, false},
        {Retry::IfReused, false, 0, false, false, 1, false},
        {Retry::Always, false, 0, true, true, 1, true},
        {Retry::Always, false, 0, false, true, 1, true},
        {Retry::Always, true, 0, false, true, 1, true},
        {Retry::Always, false, 0, true, false, 1, false},
        {Retry::Always, false, 5, true, true, 1, false},
        {Retry::Always, false, 0, true, true, 2, false},
        {Retry::Never, true, 0, true, true, 1, false},
        {Retry::Never, false, 0, true, true, 1, false},
    }));
    CHECK(may_retry({.error = row.error,
                     .reused_connection = row.reused,
                     .response_bytes = row.response_bytes,
                     .idempotent = row.idempotent,
                     .body_replayable = row.replayable,
                     .attempts = row.attempts}) == row.expected);
}

TEST_CASE("A POST is not sent twice over a connection that died", "[upstream]") {
    FailedTry failed = died_on_reuse();
    CHECK(may_retry(failed));
    failed.idempotent = false;
    CHECK_FALSE(may_retry(failed));
}

TEST_CASE("An interim response already forbids the retry", "[upstream]") {
    FailedTry failed = died_on_reuse();
    failed.response_bytes = 25;
    CHECK_FALSE(may_retry(failed));
}
