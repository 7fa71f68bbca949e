#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice::platform {

/// Becomes another user, its groups included, for good: what root has started need not be root when it serves.
///
/// Linux: keeps the right to listen on ports below 1024 (CAP_NET_BIND_SERVICE), for this process and those that it starts for
/// an upgrade, and gives up every way to gain others (PR_SET_NO_NEW_PRIVS). macOS: keeps nothing; launchd's sockets are the
/// way to low ports there.
///
/// Threading: before the process has a second thread.
/// Failure:   there is no such user, or the process is neither root nor that user already; always on Windows, where a
///            service's account is set when it is installed.
[[nodiscard]] Result<void> become_user(const std::string& name);

}  // namespace sluice::platform
