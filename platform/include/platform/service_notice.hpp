#pragma once

#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

/// Tells the service manager that started this process something, in lines ("READY=1\nMAINPID=12"): systemd's protocol, to the
/// socket in NOTIFY_SOCKET. Without one, and on Windows, it does nothing.
///
/// Threading: any thread.
/// Failure:   the socket is there and takes nothing: worth a line in the log, no reason to stop.
[[nodiscard]] Result<void> notify_service_manager(std::string_view lines);

/// Whether standard error goes to systemd's journal, which takes "<3>" at the start of a line for its priority: JOURNAL_STREAM
/// of systemd.exec(5), sd-daemon(3). So it is too for a process whose predecessor passes its lines on.
///
/// Threading: the main thread, before others read the environment.
[[nodiscard]] bool standard_error_is_journal();

}  // namespace sluice::platform
