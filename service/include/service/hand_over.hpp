#pragma once

#include "base/result.hpp"

namespace sluice::service {

/// Whether another process may take over from this one: the manager has to follow, as systemd does. The service control manager
/// of Windows takes the end of a service's process for the service's. launchd ends what a job has left when its process ends,
/// and binds the job's sockets for the next start alone.
///
/// Failure:   it may not; the message says what to do instead.
[[nodiscard]] Result<void> check_hand_over();

}  // namespace sluice::service
