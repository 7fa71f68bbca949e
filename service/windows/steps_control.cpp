// Start, stop, reload, status: requests to a service that is there.

#include <windows.h>

#include <cstdio>

#include "platform/wide_text.hpp"
#include "windows/manager.hpp"
#include "windows/service_settings.hpp"
#include "windows/steps_of_verbs.hpp"

namespace sluice::service {
namespace {

Failure failure(const std::string& what) {
    const std::error_code cause = platform::last_system_error();
    return fail(system_error(what, cause));
}

/// How the last run has ended.
std::string end_text(const SERVICE_STATUS_PROCESS& status) {
    if (status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR) {
        return "exit code " + std::to_string(status.dwServiceSpecificExitCode) + "; 'sluice --help' lists them, the Event Log has the reason";
    }
    if (status.dwWin32ExitCode == NO_ERROR || status.dwWin32ExitCode == ERROR_SERVICE_NEVER_STARTED) return {};
    return platform::system_error_code(status.dwWin32ExitCode).message();
}

Result<void> start(const std::string& name) {
    const Result<ServiceHandle> service = open_service(name, SERVICE_START | SERVICE_QUERY_STATUS);
    if (!service) return fail(service.error());
    if (::StartServiceW(service->get(), 0, nullptr) == 0 && ::GetLastError() != ERROR_SERVICE_ALREADY_RUNNING) {
        return failure("starting the service " + name);
    }
    const Result<SERVICE_STATUS_PROCESS> status = settle(*service, name, SERVICE_RUNNING);
    if (!status) return fail(status.error());
    if (status->dwCurrentState == SERVICE_RUNNING) return {};
    return fail(system_error("the service " + name + " has stopped at its start: " + end_text(*status), {}));
}

Result<void> stop(const std::string& name) {
    const Result<ServiceHandle> service = open_service(name, SERVICE_STOP | SERVICE_QUERY_STATUS);
    if (!service) return fail(service.error());
    SERVICE_STATUS unused{};
    if (::ControlService(service->get(), SERVICE_CONTROL_STOP, &unused) == 0) {
        const DWORD error = ::GetLastError();
        if (error == ERROR_SERVICE_NOT_ACTIVE) return {};
        if (error != ERROR_SERVICE_CANNOT_ACCEPT_CTRL) return failure("stopping the service " + name);
        // It starts or stops: there is an end of that to wait for, and then one more try.
        const Result<SERVICE_STATUS_PROCESS> status = settle(*service, name, SERVICE_RUNNING);
        if (!status) return fail(status.error());
        if (status->dwCurrentState == SERVICE_STOPPED) return {};
        if (::ControlService(service->get(), SERVICE_CONTROL_STOP, &unused) == 0) return failure("stopping the service " + name);
    }
    const Result<SERVICE_STATUS_PROCESS> status = settle(*service, name, SERVICE_STOPPED);
    return status ? Result<void>{} : fail(status.error());
}

Result<void> reload(const std::string& name) {
    const Result<ServiceHandle> service = open_service(name, SERVICE_PAUSE_CONTINUE);
    if (!service) return fail(service.error());
    SERVICE_STATUS unused{};
    if (::ControlService(service->get(), SERVICE_CONTROL_PARAMCHANGE, &unused) != 0) return {};
    return failure("asking the service " + name + " to reload");
}

Result<void> print_status(const std::string& name) {
    const Result<ServiceHandle> service = open_service(name, SERVICE_QUERY_STATUS);
    if (!service) return fail(service.error());
    const Result<SERVICE_STATUS_PROCESS> status = status_of(*service);
    if (!status) return fail(status.error());
    std::string line = name + ": " + state_name(status->dwCurrentState);
    if (status->dwProcessId != 0) line += ", process " + std::to_string(status->dwProcessId);
    const Result<std::string> account = account_of(name);
    if (account) line += ", account " + *account;
    std::printf("%s\n", line.c_str());
    if (status->dwCurrentState == SERVICE_RUNNING) return {};
    const std::string end = end_text(*status);
    return fail(system_error("the service " + name + " does not run" + (end.empty() ? "" : ": " + end), {}));
}

}  // namespace

Step start_step(const Instance& instance) {
    const std::string name = service_name(instance);
    return {"start the service " + name + " (StartService) and wait until it runs", [name] { return start(name); }};
}

Step stop_step(const Instance& instance) {
    const std::string name = service_name(instance);
    return {"stop the service " + name + " (SERVICE_CONTROL_STOP) and wait until its requests have finished",
            [name] { return stop(name); }};
}

Step reload_step(const Instance& instance) {
    const std::string name = service_name(instance);
    return {"tell the service " + name + " to read its configuration again (SERVICE_CONTROL_PARAMCHANGE)",
            [name] { return reload(name); }};
}

Step status_step(const Instance& instance) {
    const std::string name = service_name(instance);
    return {"ask the service manager how the service " + name + " stands", [name] { return print_status(name); }};
}

}  // namespace sluice::service
