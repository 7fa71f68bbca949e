#pragma once

#include <windows.h>

#include <memory>
#include <string>
#include <type_traits>

#include "base/result.hpp"
#include "service/steps.hpp"

namespace sluice::service {

struct CloseService {
    void operator()(SC_HANDLE handle) const { ::CloseServiceHandle(handle); }
};
using ServiceHandle = std::unique_ptr<std::remove_pointer_t<SC_HANDLE>, CloseService>;

/// What the names that people see begin with.
inline constexpr wchar_t shown_name[] = L"Sluice API gateway";

/// The name under which the manager knows the instance: the usual one is "Sluice", others have their own.
[[nodiscard]] std::string service_name(const Instance& instance);

/// OpenSCManagerW and OpenServiceW with these rights (SERVICE_...).
[[nodiscard]] Result<ServiceHandle> open_manager(DWORD rights);
[[nodiscard]] Result<ServiceHandle> open_service(const std::string& name, DWORD rights);

/// Whether there is a service of this name that runs our program (QueryServiceConfigW); false: there is none.
/// Failure: there is one of somebody else's, which must not be touched.
[[nodiscard]] Result<bool> is_our_service(const std::string& name);

/// QueryServiceStatusEx.
[[nodiscard]] Result<SERVICE_STATUS_PROCESS> status_of(const ServiceHandle& service);

/// "running", "stop pending" and so on.
[[nodiscard]] std::string state_name(DWORD state);

/// Waits until the service is in this state, or has stopped, as long as it makes the progress that it promises by its own
/// wait hints; tells on standard error what goes on when it takes its time.
/// Failure: no progress, or the state can't be asked for.
[[nodiscard]] Result<SERVICE_STATUS_PROCESS> settle(const ServiceHandle& service, const std::string& name, DWORD wanted);

}  // namespace sluice::service
