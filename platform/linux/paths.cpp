#include "platform/paths.hpp"

#include <unistd.h>

#include <array>
#include <climits>

#include "posix/runtime_folders.hpp"

namespace sluice::platform {

std::string config_folder() {
    return "/etc/sluice";
}

std::string default_config_file() {
    return config_folder() + "/sluice.json";
}

std::string log_folder() {
    return "/var/log/sluice";
}

std::string state_folder() {
    return state_folder_of_user("/var/lib/sluice");
}

std::vector<std::string> runtime_folders() {
    return runtime_folders_of_user("/run/sluice");
}

std::string executable_path() {
    std::array<char, PATH_MAX> path;
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace sluice::platform
