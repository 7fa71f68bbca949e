#include "platform/paths.hpp"

#include <mach-o/dyld.h>

#include <array>
#include <climits>
#include <cstdint>
#include <cstdlib>

#include "posix/runtime_folders.hpp"

namespace sluice::platform {

std::string config_folder() {
    return "/usr/local/etc/sluice";
}

std::string default_config_file() {
    return config_folder() + "/sluice.json";
}

std::string log_folder() {
    return "/Library/Logs/Sluice";
}

std::string state_folder() {
    return state_folder_of_user("/Library/Application Support/Sluice");
}

std::vector<std::string> runtime_folders() {
    std::vector<std::string> folders = runtime_folders_of_user("/var/run/sluice");
    // The service's (service/macos/job.hpp): unlike /var/run it is there after a start of the system, for a user without rights.
    folders.emplace_back("/var/db/sluice");
    return folders;
}

std::string executable_path() {
    std::array<char, PATH_MAX> path;
    auto size = static_cast<std::uint32_t>(path.size());
    if (::_NSGetExecutablePath(path.data(), &size) != 0) return {};
    std::array<char, PATH_MAX> resolved;
    return ::realpath(path.data(), resolved.data()) != nullptr ? resolved.data() : path.data();
}

}  // namespace sluice::platform
