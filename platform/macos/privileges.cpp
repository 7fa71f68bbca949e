#include "platform/privileges.hpp"

#include <unistd.h>

#include "posix/become_user.hpp"

namespace sluice::platform {

Result<void> become_user(const std::string& name) {
    const Result<User> user = find_user(name);
    if (!user) return fail(user.error());
    if (::geteuid() == 0) return change_user(*user);
    if (::geteuid() == user->id) return {};
    return fail(system_error("only root can become the user \"" + name + "\": start it as root, or leave 'user' out", {}));
}

}  // namespace sluice::platform
