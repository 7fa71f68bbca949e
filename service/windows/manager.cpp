#include "windows/manager.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <string_view>
#include <vector>
#include <cstdint>
#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The manager itself needs a moment to pass a request on.
constexpr milliseconds least_patience{30'000};
constexpr milliseconds glance{100};
constexpr seconds time_between_words{5};

}  // namespace

std::string service_name(const Instance& instance) { return instance.name == Instance{}.name ? "Sluice" : instance.name; }

Result<ServiceHandle> open_manager(DWORD rights) {
    ServiceHandle manager(::OpenSCManagerW(nullptr, nullptr, rights));
    if (!manager) return fail(system_error("asking the service manager", platform::last_system_error()));
    return manager;
}

Result<ServiceHandle> open_service(const std::string& name, DWORD rights) {
    Result<ServiceHandle> manager = open_manager(SC_MANAGER_CONNECT);
    if (!manager) return manager;
    ServiceHandle service(::OpenServiceW(manager->get(), platform::to_wide(name).c_str(), rights));
    if (service) return service;
    if (::GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST) {
        return fail(system_error("there is no service " + name + "; 'sluice service install' makes it", {}));
    }
    return fail(system_error("opening the service " + name, platform::last_system_error()));
}

Result<bool> is_our_service(const std::string& name) {
    const Result<ServiceHandle> manager = open_manager(SC_MANAGER_CONNECT);
    if (!manager) return fail(manager.error());
    const ServiceHandle service(::OpenServiceW(manager->get(), platform::to_wide(name).c_str(), SERVICE_QUERY_CONFIG));
    if (!service && ::GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST) return false;
    if (!service) return fail(system_error("opening the service " + name, platform::last_system_error()));
    // 8 KiB are the most that the manager gives.
    std::vector<std::uint64_t> room(1024);
    auto* const settings = reinterpret_cast<QUERY_SERVICE_CONFIGW*>(room.data());
    DWORD needed = 0;
    if (::QueryServiceConfigW(service.get(), settings, static_cast<DWORD>(room.size() * sizeof room.front()), &needed) == 0) {
        return fail(system_error("looking at the service " + name, platform::last_system_error()));
    }
    const std::wstring_view command = settings->lpBinaryPathName;
    if (std::wstring_view(settings->lpDisplayName).starts_with(shown_name) && command.find(L" run -c ") != std::wstring_view::npos) return true;
    return fail(system_error("the service " + name + " is not one of Sluice's: choose another --name", {}));
}

Result<SERVICE_STATUS_PROCESS> status_of(const ServiceHandle& service) {
    SERVICE_STATUS_PROCESS status{};
    DWORD size = 0;
    auto* const bytes = reinterpret_cast<LPBYTE>(&status);
    if (::QueryServiceStatusEx(service.get(), SC_STATUS_PROCESS_INFO, bytes, sizeof status, &size) != 0) return status;
    return fail(system_error("asking how the service stands", platform::last_system_error()));
}

std::string state_name(DWORD state) {
    constexpr const char* names[] = {"unknown", "stopped", "start pending", "stop pending", "running", "continue pending",
                                     "pause pending", "paused"};
    return names[state < std::size(names) ? state : 0];
}

Result<SERVICE_STATUS_PROCESS> settle(const ServiceHandle& service, const std::string& name, DWORD wanted) {
    Clock::time_point progress = Clock::now();
    Clock::time_point word = progress + time_between_words;
    DWORD state = 0;
    DWORD checkpoint = 0;
    for (;;) {
        Result<SERVICE_STATUS_PROCESS> status = status_of(service);
        if (!status) return status;
        const DWORD now = status->dwCurrentState;
        if (now == wanted || now == SERVICE_STOPPED) return status;
        if (now != state || status->dwCheckPoint != checkpoint) progress = Clock::now();
        state = now;
        checkpoint = status->dwCheckPoint;
        const milliseconds patience = std::max(milliseconds(status->dwWaitHint), least_patience);
        if (Clock::now() - progress > patience) {
            return fail(system_error("the service " + name + " is " + state_name(now) + " and makes no progress", {}));
        }
        if (Clock::now() >= word) {
            std::fprintf(stderr, "%s: %s\n", name.c_str(), state_name(now).c_str());
            word += time_between_words;
        }
        ::Sleep(static_cast<DWORD>(glance.count()));
    }
}

}  // namespace sluice::service
