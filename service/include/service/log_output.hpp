#pragma once

#include "base/result.hpp"

namespace sluice::service {

/// Opens the files anew that the service manager has opened as our standard output and error: they were moved, and what we write
/// would go on into the moved ones. Only launchd has us write into files that we can open; elsewhere nothing is done.
///
/// Threading: any thread; a line that another one writes meanwhile goes to the old file or to the new one.
/// Failure:   a file can't be opened; we go on with the old one.
[[nodiscard]] Result<void> reopen_log_output();

}  // namespace sluice::service
