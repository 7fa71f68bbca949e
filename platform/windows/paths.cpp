#include "platform/paths.hpp"

#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

std::string environment(const wchar_t* name) {
    std::wstring value(MAX_PATH, L'\0');
    const DWORD size =
        ::GetEnvironmentVariableW(name, value.data(), static_cast<DWORD>(value.size()));
    // A longer value is none that a folder of the system has.
    if (size >= value.size()) return {};
    return to_utf8(std::wstring_view(value.data(), size));
}

}  // namespace

std::string config_folder() {
    const std::string shared = environment(L"ProgramData");
    return (shared.empty() ? "C:\\ProgramData" : shared) + "\\Sluice";
}

std::string default_config_file() {
    return config_folder() + "\\sluice.json";
}

std::string log_folder() {
    return config_folder() + "\\logs";
}

std::string state_folder() {
    return config_folder() + "\\state";
}

std::vector<std::string> runtime_folders() {
    // Inside the profile, which no other user but administrators can read.
    const std::string own = environment(L"LOCALAPPDATA");
    return {(own.empty() ? state_folder() : own + "\\Sluice\\run")};
}

std::string executable_path() {
    // Paths of Windows may have 32,767 characters.
    std::wstring path(32768, L'\0');
    const DWORD size = ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    return to_utf8(std::wstring_view(path.data(), size));
}

}  // namespace sluice::platform
