#pragma once

#include <cstdint>

#include "config/cluster.hpp"

namespace sluice::upstream {

/// How a try ended that may be worth another one.
enum class TryEnd : std::uint8_t {
    /// No connection came about: nothing was sent.
    ConnectFailed,
    /// The connection broke or closed before a response head; the upstream may have acted on the request.
    ResetBeforeHead,
    /// A response whose status is listed in config::Retry::statuses, and of which the client has nothing yet.
    Status,
    /// No response head within config::Retry::try_timeout.
    TryTimeout,
    /// The upstream says that it has not acted on the request (RFC 9113, 8.7).
    Untouched,
};

/// What is known when a try at an upstream has failed.
struct FailedTry {
    /// The connection came from the idle pool: its upstream may have closed it as we wrote.
    bool reused_connection = false;
    /// Bytes of the response that came before the failure, interim responses included. With TryEnd::Status the response
    /// that is judged does not count, those before it do.
    std::uint64_t response_bytes = 0;
    /// The method may be repeated without harm (RFC 9110, 9.2.2).
    bool idempotent = false;
    /// The whole body, or none, is still at hand to be sent again.
    bool body_replayable = false;
    /// Tries so far, this one included; without those that `decide` called free.
    std::uint32_t attempts = 1;
    TryEnd end = TryEnd::ResetBeforeHead;
    /// The request has had its free retry.
    bool has_had_free = false;
};

struct RetryDecision {
    bool is_retried = false;
    /// The failed try counts as none: take it off `attempts`, and nothing from the budget. The retry needs a connection
    /// that is dialed anew, and does not wait.
    bool is_free = false;

    bool operator==(const RetryDecision&) const = default;
};

/// Whether a request is sent once more without the client's knowledge.
///
/// 1. Never when a byte of a response came, interim ones included, or when the body is not at hand any more.
/// 2. A reused connection that died under a request that may be repeated (RFC 9112, 9.3.1) says nothing about the
///    endpoint, whose idle limit has just passed: once per request this is free, even where `attempts` is 1. So is a request
///    of any method that came back untouched.
/// 3. Otherwise while there are attempts left: after a failed connect, or untouched, always, since nothing was done; after all else
///    when the method is idempotent (RFC 9110, 9.2.2) or the cluster is configured to repeat any.
///
/// The budget (RetryBudget) is asked afterwards, by the caller.
[[nodiscard]] RetryDecision decide(const config::Retry& config, const FailedTry& failed);

}  // namespace sluice::upstream
