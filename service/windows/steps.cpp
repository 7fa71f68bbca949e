#include "service/steps.hpp"

#include <windows.h>

#include <algorithm>

#include "windows/manager.hpp"
#include "windows/steps_of_verbs.hpp"

namespace sluice::service {
namespace {

/// CheckTokenMembership: whether this process may do what administrators may, which it may not by being started by one.
bool is_administrator() {
    SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
    PSID administrators = nullptr;
    if (::AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0,
                                   &administrators) == 0) {
        return false;
    }
    BOOL is_member = FALSE;
    const BOOL is_known = ::CheckTokenMembership(nullptr, administrators, &is_member);
    ::FreeSid(administrators);
    return is_known != 0 && is_member != 0;
}

Result<std::vector<Step>> steps_of_verb(Verb verb, const Instance& instance) {
    switch (verb) {
        case Verb::Install:
            return install_steps(instance);
        case Verb::Uninstall:
            return uninstall_steps(instance);
        case Verb::Start:
            return std::vector<Step>{start_step(instance)};
        case Verb::Stop:
            return std::vector<Step>{stop_step(instance)};
        case Verb::Restart:
            return std::vector<Step>{stop_step(instance), start_step(instance)};
        case Verb::Reload:
            return std::vector<Step>{reload_step(instance)};
        case Verb::Status:
            return std::vector<Step>{status_step(instance)};
        case Verb::Logs:
            return log_steps(instance);
    }
    return fail(system_error("services of this system", std::make_error_code(std::errc::function_not_supported)));
}

}  // namespace

Result<std::vector<Step>> steps_of(Verb verb, const Instance& asked) {
    if (!asked.sockets.empty()) return fail(system_error("--socket is for launchd: low ports need no right here", {}));
    Instance instance = asked;
    std::ranges::replace(instance.config, '/', '\\');
    Result<std::vector<Step>> steps = steps_of_verb(verb, instance);
    if (!steps || steps->empty() || verb == Verb::Status || verb == Verb::Logs) return steps;
    // A name that is somebody else's is found out before anything is done; what would be done can always be shown.
    auto first = std::move(steps->front().carry_out);
    steps->front().carry_out = [first = std::move(first), name = service_name(instance)]() -> Result<void> {
        const Result<bool> is_ours = is_our_service(name);
        return is_ours ? first() : fail(is_ours.error());
    };
    return steps;
}

Result<void> check_rights(Verb verb) {
    if (verb == Verb::Status || verb == Verb::Logs || is_administrator()) return {};
    return fail(system_error("this needs an administrator: open a terminal with 'Run as administrator' and try again there", {}));
}

}  // namespace sluice::service
