#include "macos/account.hpp"

#include <grp.h>
#include <pwd.h>

#include <optional>
#include <string>
#include <system_error>

#include "macos/job.hpp"
#include "posix/run_command.hpp"

namespace sluice::service {
namespace {

/// Apple's own accounts grow upwards from 200; numbers up to 400 are kept out of the login window.
std::optional<unsigned> find_free_number() {
    for (unsigned number = 399; number >= 300; --number) {
        if (::getpwuid(number) == nullptr && ::getgrgid(number) == nullptr) return number;
    }
    return std::nullopt;
}

}  // namespace

Result<std::vector<Step>> steps_to_make_account() {
    const std::string name(job_account);
    if (::getpwnam(name.c_str()) != nullptr && ::getgrnam(name.c_str()) != nullptr) return {};
    const std::optional<unsigned> number = find_free_number();
    if (!number) {
        return fail(system_error("no user number from 300 to 399 is free for " + name,
                                 std::make_error_code(std::errc::resource_unavailable_try_again)));
    }
    const std::string group = "/Groups/" + name;
    const std::string user = "/Users/" + name;
    const std::string id = std::to_string(*number);
    std::vector<Step> steps;
    const auto set = [&steps](const std::string& record, const char* key, const std::string& value) {
        const std::vector<std::string> command{"dscl", ".", "-create", record, key, value};
        steps.push_back({command_line(command), [command] { return run_command(command); }});
    };
    set(group, "PrimaryGroupID", id);
    set(group, "RealName", "Sluice API gateway");
    set(group, "Password", "*");
    set(user, "UniqueID", id);
    set(user, "PrimaryGroupID", id);
    set(user, "RealName", "Sluice API gateway");
    set(user, "NFSHomeDirectory", "/var/empty");
    set(user, "UserShell", "/usr/bin/false");
    set(user, "Password", "*");
    set(user, "IsHidden", "1");
    return steps;
}

}  // namespace sluice::service
