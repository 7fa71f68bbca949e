#include "windows/service_settings.hpp"

#include <cstdio>
#include <vector>

#include "platform/wide_text.hpp"
#include "windows/manager.hpp"

namespace sluice::service {
namespace {

using platform::to_wide;

constexpr DWORD settings_rights = SERVICE_CHANGE_CONFIG | SERVICE_QUERY_CONFIG | SERVICE_START;
/// A drain must fit in.
constexpr DWORD preshutdown_milliseconds = 180'000;
/// After a day without a failure they are counted anew.
constexpr DWORD reset_seconds = 24 * 60 * 60;

std::string quoted(const std::string& path) { return '"' + path + '"'; }

Failure failure(const std::string& what) {
    const std::error_code cause = platform::last_system_error();
    return fail(system_error(what, cause));
}

bool is_unknown_account(DWORD error) {
    return error == ERROR_INVALID_SERVICE_ACCOUNT || error == ERROR_NONE_MAPPED;
}

bool create(const ServiceHandle& manager, const Instance& instance, const std::wstring& account) {
    const std::string name = service_name(instance);
    const std::wstring shown = shown_name + to_wide(name == "Sluice" ? "" : " (" + name + ")");
    return ServiceHandle(::CreateServiceW(manager.get(), to_wide(name).c_str(), shown.c_str(), settings_rights,
                                          SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                                          to_wide(service_command(instance)).c_str(), nullptr, nullptr, nullptr,
                                          account.c_str(), nullptr)) != nullptr;
}

bool change(const ServiceHandle& service, const Instance& instance, const std::wstring& account) {
    return ::ChangeServiceConfigW(service.get(), SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                                  to_wide(service_command(instance)).c_str(), nullptr, nullptr, nullptr, account.c_str(),
                                  nullptr, nullptr) != 0;
}

/// LookupAccountNameW knows a service's account once there is the service.
bool is_known_account(const std::wstring& account) {
    std::vector<char> sid(SECURITY_MAX_SID_SIZE);
    auto size = static_cast<DWORD>(sid.size());
    std::wstring domain(256, L'\0');
    auto domain_size = static_cast<DWORD>(domain.size());
    SID_NAME_USE use{};
    return ::LookupAccountNameW(nullptr, account.c_str(), sid.data(), &size, domain.data(), &domain_size, &use) != 0 ||
           ::GetLastError() != ERROR_NONE_MAPPED;
}

template <typename Settings>
Result<void> set(const ServiceHandle& service, DWORD what, Settings settings, const char* name) {
    if (::ChangeServiceConfig2W(service.get(), what, &settings) != 0) return {};
    return failure(std::string("setting the service's ") + name);
}

Result<void> set_recovery(const ServiceHandle& service) {
    // Twice soon, then once a minute.
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 1'000}, {SC_ACTION_RESTART, 10'000}, {SC_ACTION_RESTART, 60'000}};
    Result<void> done = set(service, SERVICE_CONFIG_FAILURE_ACTIONS,
                            SERVICE_FAILURE_ACTIONSW{reset_seconds, nullptr, nullptr, std::size(actions), actions}, "recovery");
    // Also after an end with an exit code, not only after a crash.
    if (done) done = set(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, SERVICE_FAILURE_ACTIONS_FLAG{TRUE}, "recovery flag");
    return done;
}

/// A setting that this system does not know (ERROR_INVALID_LEVEL) is told and left out.
Result<void> optional(Result<void> done) {
    const bool is_unknown = !done && done.error().cause().value() == ERROR_INVALID_LEVEL;
    if (!is_unknown) return done;
    std::fprintf(stderr, "sluice: left out: %s\n", describe(done.error()).c_str());
    return {};
}

}  // namespace

std::string service_command(const Instance& instance) { return quoted(instance.binary) + " run -c " + quoted(instance.config); }

std::string virtual_account(const Instance& instance) { return "NT SERVICE\\" + service_name(instance); }

Result<void> make_service(const Instance& instance) {
    const std::string name = service_name(instance);
    const Result<ServiceHandle> manager = open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (!manager) return fail(manager.error());
    const std::wstring wanted = to_wide(virtual_account(instance));
    const std::wstring plain = to_wide(plain_account);
    bool is_made = create(*manager, instance, wanted);
    if (!is_made && is_unknown_account(::GetLastError())) is_made = create(*manager, instance, plain);
    if (!is_made && ::GetLastError() != ERROR_SERVICE_EXISTS) return failure("making the service " + name);
    const ServiceHandle service(::OpenServiceW(manager->get(), to_wide(name).c_str(), settings_rights));
    if (!service) return failure("opening the service " + name);
    const bool has_virtual = is_known_account(wanted);
    if (!change(service, instance, has_virtual ? wanted : plain)) {
        const bool may_be_plain = has_virtual && is_unknown_account(::GetLastError());
        if (!may_be_plain || !change(service, instance, plain)) return failure("setting up the service " + name);
    }
    return {};
}

Result<void> describe_service(const Instance& instance) {
    const Result<ServiceHandle> opened = open_service(service_name(instance), settings_rights);
    if (!opened) return fail(opened.error());
    const ServiceHandle& service = *opened;
    wchar_t description[] =
        L"Takes HTTP requests and passes them on to the services behind it, by its configuration file. "
        L"'sluice service reload' has it read that file again.";
    wchar_t privileges[] = L"SeChangeNotifyPrivilege\0";
    Result<void> done = set(service, SERVICE_CONFIG_DESCRIPTION, SERVICE_DESCRIPTIONW{description}, "description");
    if (done) done = optional(set_recovery(service));
    if (done) done = optional(set(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, SERVICE_DELAYED_AUTO_START_INFO{TRUE}, "delayed start"));
    if (done) done = optional(set(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, SERVICE_PRESHUTDOWN_INFO{preshutdown_milliseconds}, "time to stop at a shutdown"));
    if (done) done = optional(set(service, SERVICE_CONFIG_SERVICE_SID_INFO, SERVICE_SID_INFO{SERVICE_SID_TYPE_UNRESTRICTED}, "identity"));
    if (done) done = optional(set(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, SERVICE_REQUIRED_PRIVILEGES_INFOW{privileges}, "privileges"));
    return done;
}

Result<void> delete_service(const Instance& instance) {
    const std::string name = service_name(instance);
    {
        const Result<ServiceHandle> service = open_service(name, DELETE);
        if (!service) return fail(service.error());
        if (::DeleteService(service->get()) == 0 && ::GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE) {
            return failure("deleting the service " + name);
        }
    }
    // It is gone when everybody has let go of it: the manager itself soon, an open window of services.msc may not.
    for (int i = 0; i < 50; ++i) {
        if (!open_service(name, SERVICE_QUERY_STATUS)) return {};
        ::Sleep(100);
    }
    std::fprintf(stderr, "%s: marked for deletion; it goes when the programs that look at it are closed\n", name.c_str());
    return {};
}

Result<std::string> account_of(const std::string& name) {
    const Result<ServiceHandle> service = open_service(name, SERVICE_QUERY_CONFIG);
    if (!service) return fail(service.error());
    std::vector<char> bytes(8192);  // The most that the call ever needs.
    DWORD size = 0;
    auto* const settings = reinterpret_cast<QUERY_SERVICE_CONFIGW*>(bytes.data());
    if (::QueryServiceConfigW(service->get(), settings, static_cast<DWORD>(bytes.size()), &size) == 0) {
        return failure("asking for the settings of the service " + name);
    }
    return platform::to_utf8(settings->lpServiceStartName == nullptr ? L"LocalSystem" : settings->lpServiceStartName);
}

}  // namespace sluice::service
