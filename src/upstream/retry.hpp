#pragma once

#include <cstdint>

#include "base/error.hpp"

namespace sluice::upstream {

/// What is known when a try at an upstream has failed.
struct FailedTry {
    /// The error's own opinion.
    Retry error = Retry::Never;
    /// The connection came from the idle pool: its upstream may have closed it as we wrote.
    bool reused_connection = false;
    /// Bytes of the response that came before the failure, interim responses included.
    std::uint64_t response_bytes = 0;
    /// The method may be repeated without harm (RFC 9110, 9.2.2).
    bool idempotent = false;
    /// The whole body, or none, is still at hand to be sent again.
    bool body_replayable = false;
    /// Tries so far, this one included.
    std::uint32_t attempts = 1;
};

/// Whether the request is sent once more without the client's knowledge. Nobody can tell if an
/// upstream acted on a request whose connection died, so only what may be repeated is (RFC
/// 9110, 9.2.2; RFC 9112, 9.3.1).
[[nodiscard]] bool may_retry(const FailedTry& failed);

}  // namespace sluice::upstream
