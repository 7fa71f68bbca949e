#include "upstream/retry.hpp"

namespace sluice::upstream {
namespace {

constexpr std::uint32_t most_attempts = 2;

}  // namespace

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
