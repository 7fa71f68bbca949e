#pragma once

#include <string>
#include <vector>

namespace sluice::platform {

// Paths are UTF-8 on every system, without a separator at the end.

/// Where a configuration is looked for when none is named: /etc/sluice, /usr/local/etc/sluice,
/// %ProgramData%\Sluice.
[[nodiscard]] std::string config_folder();

/// The configuration file inside it: sluice.json.
[[nodiscard]] std::string default_config_file();

/// Where log files go unless said otherwise: /var/log/sluice, /Library/Logs/Sluice,
/// %ProgramData%\Sluice\logs.
[[nodiscard]] std::string log_folder();

/// Where files live that must survive a restart: $STATE_DIRECTORY (systemd's), else /var/lib/sluice, /Library/Application
/// Support/Sluice, %ProgramData%\Sluice\state; for users other than root $XDG_STATE_HOME/sluice or
/// ~/.local/state/sluice.
[[nodiscard]] std::string state_folder();

/// Where files live that are of use while the gateway runs, for its user alone. The first is where it puts them, in any may
/// they be looked for: $RUNTIME_DIRECTORY (systemd's), then root's /run/sluice (macOS: /var/run/sluice), $XDG_RUNTIME_DIR/sluice
/// and /tmp/sluice-USER; on Windows %LOCALAPPDATA%\Sluice\run.
[[nodiscard]] std::vector<std::string> runtime_folders();

/// The program that runs, in full; empty when the system does not tell.
[[nodiscard]] std::string executable_path();

}  // namespace sluice::platform
