#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "service/steps.hpp"

namespace sluice::service {

// A launchd job of ours. Sources: launchd.plist(5), launchctl(1).

/// Every job's label begins with it; the instance's name follows.
inline constexpr std::string_view label_prefix = "dev.sluice.";

/// The user and the group of the same name that jobs run as.
inline constexpr std::string_view job_account = "_sluice";

/// Files of the process id and the admin token, for newsyslog(8), whose file can't name a path with a space, and
/// `sluice ctl`. It survives a start of the system, which /var/run does not.
inline constexpr std::string_view run_folder = "/var/db/sluice";

/// Variables of the environment by which the job's process knows its files.
inline constexpr const char* pid_file_variable = "SLUICE_PID_FILE";
inline constexpr const char* output_file_variable = "SLUICE_OUTPUT_FILE";
inline constexpr const char* error_file_variable = "SLUICE_ERROR_FILE";

/// How long launchd waits between SIGTERM and SIGKILL: the default of limits.drain (30 s), the 3 s that cut sessions get,
/// and some more for a busy machine.
inline constexpr int exit_time_out_s = 45;

/// "dev.sluice.NAME".
[[nodiscard]] std::string label_of(const Instance& instance);
/// As launchctl names it: "system/dev.sluice.NAME".
[[nodiscard]] std::string target_of(const Instance& instance);
/// "/Library/LaunchDaemons/dev.sluice.NAME.plist".
[[nodiscard]] std::string property_list_path(const Instance& instance);
/// Standard error: the gateway's log.
[[nodiscard]] std::string log_path(const Instance& instance);
/// Standard output: the access log when the configuration sends it there.
[[nodiscard]] std::string output_path(const Instance& instance);
[[nodiscard]] std::string pid_path(const Instance& instance);
/// What tells newsyslog(8) of the log files: "/etc/newsyslog.d/dev.sluice.NAME.conf".
[[nodiscard]] std::string rotation_path(const Instance& instance);
/// Its text, newsyslog.conf(5): both files are rotated at 10 MiB, seven old ones are kept, compressed; the process is told by
/// SIGUSR1, which has the number 30 there.
[[nodiscard]] std::string rotation_of(const Instance& instance);

/// The text of the job's property list.
///
/// Failure:   a path that no property list can hold or that is not in full, or a socket that is no address with a port.
[[nodiscard]] Result<std::string> property_list_of(const Instance& instance);

}  // namespace sluice::service
