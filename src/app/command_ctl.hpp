#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/admin_client.hpp"
#include "app/exit_code.hpp"

/// What `sluice ctl` asks a running gateway. Each prints what came of it; failures go to standard error, with how to mend them.
///
/// Failure: ExitCode::Failed when the gateway can't be reached or refuses; ConfigInvalid when a reload is refused because of the
///          configuration.
namespace sluice::app {

[[nodiscard]] ExitCode ctl_reload(const AdminOptions& options, bool is_dry_run);
/// `binary`: a path on the gateway's machine, or empty for the one that it was started from.
[[nodiscard]] ExitCode ctl_upgrade(const AdminOptions& options, const std::string& binary, std::uint32_t limit_seconds);
/// `body`: the JSON of PATCH /v1/clusters/{cluster}/endpoints/{endpoint}.
[[nodiscard]] ExitCode ctl_endpoint(const AdminOptions& options, const std::string& cluster, const std::string& endpoint,
                                    std::string_view body);
[[nodiscard]] ExitCode ctl_breaker(const AdminOptions& options, const std::string& cluster, const std::string& state);
[[nodiscard]] ExitCode ctl_log_level(const AdminOptions& options, const std::string& level);
[[nodiscard]] ExitCode ctl_slow(const AdminOptions& options, std::uint32_t limit, bool wants_json);
[[nodiscard]] ExitCode ctl_status(const AdminOptions& options);

}  // namespace sluice::app
