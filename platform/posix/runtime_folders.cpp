#include "posix/runtime_folders.hpp"

#include <unistd.h>

#include <cstdlib>

namespace sluice::platform {
namespace {

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::vector<std::string> runtime_folders_of_user(const std::string& folder_of_root) {
    std::vector<std::string> folders;
    // systemd names several with colons between them; the first is ours.
    const std::string given = environment("RUNTIME_DIRECTORY");
    if (given.starts_with('/')) folders.push_back(given.substr(0, given.find(':')));
    const uid_t user = ::geteuid();
    if (user == 0) {
        folders.push_back(folder_of_root);
        return folders;
    }
    const std::string session = environment("XDG_RUNTIME_DIR");
    if (session.starts_with('/')) folders.push_back(session + "/sluice");
    folders.push_back("/tmp/sluice-" + std::to_string(user));
    folders.push_back(folder_of_root);
    return folders;
}

std::string state_folder_of_user(const std::string& folder_of_root) {
    const std::string given = environment("STATE_DIRECTORY");
    if (given.starts_with('/')) return given.substr(0, given.find(':'));
    if (::geteuid() == 0) return folder_of_root;
    const std::string states = environment("XDG_STATE_HOME");
    if (states.starts_with('/')) return states + "/sluice";
    const std::string home = environment("HOME");
    return home.starts_with('/') ? home + "/.local/state/sluice" : folder_of_root;
}

}  // namespace sluice::platform
