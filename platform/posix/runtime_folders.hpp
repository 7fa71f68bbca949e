#pragma once

#include <string>
#include <vector>

namespace sluice::platform {

/// `runtime_folders` of platform/paths.hpp, with the folder that root uses on this system.
[[nodiscard]] std::vector<std::string> runtime_folders_of_user(const std::string& folder_of_root);

/// `state_folder` of platform/paths.hpp, with the folder that root uses on this system.
[[nodiscard]] std::string state_folder_of_user(const std::string& folder_of_root);

}  // namespace sluice::platform
