#pragma once

#include <string>

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

/// Where files live that must survive a restart: /var/lib/sluice, /Library/Application
/// Support/Sluice, %ProgramData%\Sluice\state.
[[nodiscard]] std::string state_folder();

/// The program that runs, in full; empty when the system does not tell.
[[nodiscard]] std::string executable_path();

}  // namespace sluice::platform
