#include "upstream/retry.hpp"

namespace sluice::upstream {
namespace {

constexpr std::uint32_t most_attempts = 2;

}  // namespace

RetryDecision decide(const config::Retry& config, const FailedTry& failed) {
    if (failed.response_bytes > 0 || !failed.body_replayable) return {};
    const bool died_on_reuse = failed.end == TryEnd::ResetBeforeHead && failed.reused_connection;
    if (died_on_reuse && failed.idempotent && !failed.has_had_free) return {.is_retried = true, .is_free = true};
    if (failed.attempts >= config.attempts) return {};
    const bool is_harmless = failed.end == TryEnd::ConnectFailed || failed.idempotent || config.non_idempotent;
    return {.is_retried = is_harmless, .is_free = false};
}

bool may_retry(const FailedTry& failed) {
    if (failed.attempts >= most_attempts) return false;
    if (failed.response_bytes > 0 || !failed.body_replayable) return false;
    switch (failed.error) {
        case Retry::Never:
            return false;
        // Nothing reached the upstream, whatever the method.
        case Retry::Always:
            return true;
        case Retry::IfReused:
            break;
    }
    return failed.reused_connection && failed.idempotent;
}

}  // namespace sluice::upstream
