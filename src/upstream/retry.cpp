#include "upstream/retry.hpp"

namespace sluice::upstream {

RetryDecision decide(const config::Retry& config, const FailedTry& failed) {
    if (failed.response_bytes > 0 || !failed.body_replayable) return {};
    const bool died_on_reuse = failed.end == TryEnd::ResetBeforeHead && failed.reused_connection;
    const bool is_untouched = failed.end == TryEnd::Untouched;
    if (((died_on_reuse && failed.idempotent) || is_untouched) && !failed.has_had_free) return {.is_retried = true, .is_free = true};
    if (failed.attempts >= config.attempts) return {};
    const bool is_harmless = failed.end == TryEnd::ConnectFailed || is_untouched || failed.idempotent || config.non_idempotent;
    return {.is_retried = is_harmless, .is_free = false};
}

}  // namespace sluice::upstream
