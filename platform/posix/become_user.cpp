#include "posix/become_user.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

// Apple has an int where others have gid_t.
#ifdef __APPLE__
using InitialGroup = int;
#else
using InitialGroup = gid_t;
#endif

}  // namespace

Result<User> find_user(const std::string& name) {
    std::array<char, 16384> room{};
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
    if (found != nullptr) return User{name, entry.pw_uid, entry.pw_gid, entry.pw_dir == nullptr ? "/" : entry.pw_dir};
    if (error == 0) return fail(system_error("there is no user \"" + name + "\"; make one, or name another", {}));
    return fail(system_error("looking up the user \"" + name + "\"", std::error_code(error, std::generic_category())));
}

Result<void> change_user(const User& user) {
    const bool is_changed = ::initgroups(user.name.c_str(), static_cast<InitialGroup>(user.group)) == 0 && ::setgid(user.group) == 0 &&
                            ::setuid(user.id) == 0;
    if (!is_changed) return fail(system_error("becoming the user \"" + user.name + "\"", last_error()));
    // The way back would be a hole.
    if (user.id != 0 && ::setuid(0) == 0) return fail(system_error("root is still at hand after becoming \"" + user.name + "\"", {}));
    ::setenv("HOME", user.home.c_str(), 1);
    for (const char* variable : {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"}) ::unsetenv(variable);
    return {};
}

}  // namespace sluice::platform
