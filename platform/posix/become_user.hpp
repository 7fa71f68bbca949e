#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace sluice::platform {

struct User {
    std::string name;
    uid_t id;
    gid_t group;
    std::string home;
};

/// From the system's table of users.
[[nodiscard]] Result<User> find_user(const std::string& name);

/// Sets groups, then the user: real, effective and saved, so that there is no way back. What the environment says of the old
/// user's folders is replaced: HOME, XDG_RUNTIME_DIR and the like.
[[nodiscard]] Result<void> change_user(const User& user);

}  // namespace sluice::platform
