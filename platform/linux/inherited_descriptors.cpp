#include "posix/inherited_descriptors.hpp"

namespace sluice::platform {

bool inherit_nothing_else(posix_spawnattr_t&, posix_spawn_file_actions_t& actions) {
    return ::posix_spawn_file_actions_addclosefrom_np(&actions, first_not_inherited) == 0;
}

}  // namespace sluice::platform
