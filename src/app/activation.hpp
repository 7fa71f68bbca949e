#pragma once

#include "app/inheritance.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace sluice::app {

/// The sockets that the service manager bound for this process, as listeners that the configuration may find a use for.
/// What is no listener is told in the log and closed.
///
/// Threading: the main thread, once.
/// Failure:   the manager tells of sockets that are not there.
[[nodiscard]] Result<Inheritance> activated_listeners(const Log& log);

}  // namespace sluice::app
