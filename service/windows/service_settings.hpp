#pragma once

#include <string>

#include "base/result.hpp"
#include "service/steps.hpp"

namespace sluice::service {

/// `"C:\Program Files\Sluice\sluice.exe" run -c "C:\ProgramData\Sluice\sluice.json"`: quoted, because the manager tries each
/// part of a path with spaces otherwise.
[[nodiscard]] std::string service_command(const Instance& instance);

/// The virtual account of the service, NT SERVICE\NAME: it has no password and no rights but those that are given to it.
[[nodiscard]] std::string virtual_account(const Instance& instance);

/// For systems without virtual accounts.
inline constexpr const char* plain_account = "NT AUTHORITY\\LocalService";

/// Makes the service, or gives the one that is there our settings: own process, delayed automatic start. The account is the
/// virtual one; the system may refuse that one as unknown (Windows before 7, Wine): then, and for no other reason, it is
/// plain_account.
[[nodiscard]] Result<void> make_service(const Instance& instance);

/// Description, recovery, time to stop at a shutdown, privileges: ChangeServiceConfig2W.
[[nodiscard]] Result<void> describe_service(const Instance& instance);

/// Marks it for deletion; the manager removes it when it has stopped and nobody holds it open.
[[nodiscard]] Result<void> delete_service(const Instance& instance);

/// The account that the manager has for the service.
[[nodiscard]] Result<std::string> account_of(const std::string& name);

}  // namespace sluice::service
