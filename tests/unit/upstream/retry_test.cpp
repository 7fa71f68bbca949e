#include "upstream/retry.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using upstream::decide;
using upstream::FailedTry;
using upstream::RetryDecision;
using upstream::TryEnd;

namespace {

constexpr RetryDecision no{};
constexpr RetryDecision yes{.is_retried = true, .is_free = false};
constexpr RetryDecision free_one{.is_retried = true, .is_free = true};

}  // namespace

TEST_CASE("The end of a try decides about the next, row by row", "[upstream]") {
    struct Row {
        TryEnd end;
        bool idempotent;
        bool non_idempotent_too;
        std::uint32_t attempts;
        RetryDecision expected;
    };
    const Row row = GENERATE(values<Row>({
        // end, idempotent, configured for any method, tries so far of three, decision
        {TryEnd::ConnectFailed, true, false, 1, yes},
        {TryEnd::ConnectFailed, true, false, 2, yes},
        {TryEnd::ConnectFailed, true, false, 3, no},
        {TryEnd::ConnectFailed, false, false, 1, yes},
        {TryEnd::ConnectFailed, false, false, 3, no},
        {TryEnd::ConnectFailed, false, true, 2, yes},
        {TryEnd::ResetBeforeHead, true, false, 1, yes},
        {TryEnd::ResetBeforeHead, true, false, 2, yes},
        {TryEnd::ResetBeforeHead, true, false, 3, no},
        {TryEnd::ResetBeforeHead, false, false, 1, no},
        {TryEnd::ResetBeforeHead, false, true, 1, yes},
        {TryEnd::ResetBeforeHead, false, true, 3, no},
        {TryEnd::Status, true, false, 2, yes},
        {TryEnd::Status, true, false, 3, no},
        {TryEnd::Status, false, false, 1, no},
        {TryEnd::Status, false, true, 1, yes},
        {TryEnd::TryTimeout, true, false, 2, yes},
        {TryEnd::TryTimeout, true, false, 3, no},
        {TryEnd::TryTimeout, false, false, 1, no},
        {TryEnd::TryTimeout, false, true, 1, yes},
    }));
    config::Retry config;
    config.attempts = 3;
    config.non_idempotent = row.non_idempotent_too;
    FailedTry failed{.idempotent = row.idempotent, .body_replayable = true, .attempts = row.attempts, .end = row.end};
    CHECK(decide(config, failed) == row.expected);

    SECTION("never after a byte of a response") {
        failed.response_bytes = 1;
        CHECK(decide(config, failed) == no);
    }
    SECTION("never without the body") {
        failed.body_replayable = false;
        CHECK(decide(config, failed) == no);
    }
    SECTION("never where a cluster has one attempt") {
        config.attempts = 1;
        CHECK(decide(config, failed) == no);
    }
}

TEST_CASE("A connection that died on reuse counts as no try, once, row by row", "[upstream]") {
    struct Row {
        TryEnd end;
        bool idempotent;
        bool non_idempotent_too;
        bool has_had_free;
        std::uint32_t attempts;
        std::uint32_t most_attempts;
        RetryDecision expected;
    };
    const Row row = GENERATE(values<Row>({
        // end, idempotent, configured for any method, had a free one, tries so far, of so many, decision
        {TryEnd::ResetBeforeHead, true, false, false, 1, 1, free_one},
        {TryEnd::ResetBeforeHead, true, false, false, 1, 3, free_one},
        {TryEnd::ResetBeforeHead, true, false, false, 3, 3, free_one},
        {TryEnd::ResetBeforeHead, true, false, true, 1, 1, no},
        {TryEnd::ResetBeforeHead, true, false, true, 1, 3, yes},
        {TryEnd::ResetBeforeHead, true, false, true, 3, 3, no},
        {TryEnd::ResetBeforeHead, false, false, false, 1, 3, no},
        {TryEnd::ResetBeforeHead, false, true, false, 1, 1, no},
        {TryEnd::ResetBeforeHead, false, true, false, 1, 3, yes},
        {TryEnd::TryTimeout, true, false, false, 1, 1, no},
        {TryEnd::TryTimeout, true, false, false, 1, 3, yes},
        {TryEnd::Status, true, false, false, 1, 1, no},
        {TryEnd::Status, true, false, false, 1, 3, yes},
    }));
    config::Retry config;
    config.attempts = row.most_attempts;
    config.non_idempotent = row.non_idempotent_too;
    FailedTry failed{.reused_connection = true,
                     .idempotent = row.idempotent,
                     .body_replayable = true,
                     .attempts = row.attempts,
                     .end = row.end,
                     .has_had_free = row.has_had_free};
    CHECK(decide(config, failed) == row.expected);

    SECTION("never after a byte of a response") {
        failed.response_bytes = 1;
        CHECK(decide(config, failed) == no);
    }
    SECTION("never without the body") {
        failed.body_replayable = false;
        CHECK(decide(config, failed) == no);
    }
}

TEST_CASE("Tries that fail one after the other end", "[upstream]") {
    const std::uint32_t most = GENERATE(1U, 2U, 3U, 10U);
    config::Retry config;
    config.attempts = most;
    FailedTry failed{.reused_connection = true, .idempotent = true, .body_replayable = true, .attempts = 1};
    std::uint32_t sent = 1;
    for (RetryDecision decision = decide(config, failed); decision.is_retried; decision = decide(config, failed)) {
        ++sent;
        REQUIRE(sent < 100);
        if (decision.is_free) {
            failed.has_had_free = true;
        } else {
            ++failed.attempts;
        }
    }
    CHECK(sent == most + 1);
}

TEST_CASE("What came back untouched is sent again whatever its method, once for nothing", "[upstream]") {
    config::Retry config;
    config.attempts = 2;
    FailedTry failed{.idempotent = false, .body_replayable = true, .attempts = 1, .end = TryEnd::Untouched};
    CHECK(decide(config, failed) == free_one);
    failed.has_had_free = true;
    CHECK(decide(config, failed) == yes);
    failed.attempts = 2;
    CHECK(decide(config, failed) == no);
    failed = {.idempotent = false, .body_replayable = false, .attempts = 1, .end = TryEnd::Untouched};
    CHECK(decide(config, failed) == no);
}
