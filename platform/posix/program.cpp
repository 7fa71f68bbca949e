#include "platform/program.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace sluice::platform {
namespace {

/// The first executable file of that name in PATH; the name itself without one.
std::filesystem::path find_in_path(const std::string& name) {
    const char* const path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? std::string_view{} : path;
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
        std::filesystem::path candidate = std::filesystem::path(folder.empty() ? "." : folder) / name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return name;
}

}  // namespace

Program program_of(int count, const char* const* arguments) {
    Program program;
    program.arguments.assign(arguments, arguments + count);
    if (program.arguments.empty()) return program;
    const std::string& name = program.arguments.front();
    const std::filesystem::path found = name.find('/') == std::string::npos ? find_in_path(name) : std::filesystem::path(name);
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(found, error);
    program.path = error ? found.string() : absolute.string();
    return program;
}

}  // namespace sluice::platform
