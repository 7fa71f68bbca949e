#include "platform/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "posix/become_user.hpp"
#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

Failure failure(const char* what) { return fail(system_error(what, last_error())); }

/// The right to listen on low ports, and no other: for this process and, ambient, for those that it starts.
Result<void> keep_low_ports() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> rights{};
    constexpr unsigned low_ports = 1U << CAP_NET_BIND_SERVICE;
    rights[0] = {.effective = low_ports, .permitted = low_ports, .inheritable = low_ports};
    if (::syscall(SYS_capset, &header, rights.data()) != 0) return failure("keeping the right to listen on low ports");
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) != 0) {
        return failure("keeping the right to listen on low ports for an upgrade");
    }
    return {};
}

bool may_bind_low_ports() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> rights{};
    return ::syscall(SYS_capget, &header, rights.data()) == 0 && (rights[0].permitted & (1U << CAP_NET_BIND_SERVICE)) != 0;
}

}  // namespace

Result<void> become_user(const std::string& name) {
    const Result<User> user = find_user(name);
    if (!user) return fail(user.error());
    if (::geteuid() != 0) {
        if (::geteuid() == user->id) return {};
        return fail(system_error("only root can become the user \"" + name + "\": start it as root, or leave 'user' out", {}));
    }
    const bool keeps_low_ports = may_bind_low_ports();
    // Without that right nothing is kept: the change of the user takes all away.
    if (keeps_low_ports && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return failure("keeping rights while the user changes");
    if (Result<void> changed = change_user(*user); !changed) return changed;
    if (keeps_low_ports && user->id != 0) {
        if (Result<void> kept = keep_low_ports(); !kept) return kept;
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("giving up the ways to more rights");
    return {};
}

}  // namespace sluice::platform
