#pragma once

#include "base/result.hpp"

namespace sluice::service {

/// Whether another process may take over from this one: the manager has to follow, and launchd does not. It knows one process
/// for each job, ends what the job has left when that one ends, and binds the job's sockets to the next start alone.
///
/// Failure:   it may not; the message says what to do instead.
[[nodiscard]] Result<void> check_hand_over();

}  // namespace sluice::service
