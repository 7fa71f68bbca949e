#include "windows/firewall.hpp"

#include <windows.h>

#include <cstdio>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

constexpr DWORD most_milliseconds = 30'000;

/// System32's own, whatever PATH says.
std::wstring system_program(const wchar_t* name) {
    std::wstring folder(MAX_PATH, L'\0');
    folder.resize(::GetSystemDirectoryW(folder.data(), MAX_PATH));
    return folder + L"\\" + name;
}

/// True when the program ended with 0.
bool run(const std::string& command) {
    std::wstring line = platform::to_wide(command);
    STARTUPINFOW start{};
    start.cb = sizeof start;
    PROCESS_INFORMATION process{};
    if (::CreateProcessW(system_program(L"netsh.exe").c_str(), line.data(), nullptr, nullptr, FALSE, CREATE_NO_WINDOW, nullptr, nullptr,
                         &start, &process) == 0) {
        return false;
    }
    DWORD code = 1;
    if (::WaitForSingleObject(process.hProcess, most_milliseconds) == WAIT_OBJECT_0) ::GetExitCodeProcess(process.hProcess, &code);
    ::CloseHandle(process.hThread);
    ::CloseHandle(process.hProcess);
    return code == 0;
}

/// Of ours alone: a service may be called "all", by which netsh means every rule.
std::string rule_of(const std::string& name) { return name == "Sluice" ? name : "Sluice (" + name + ")"; }

}  // namespace

std::string allow_command(const std::string& name, const std::string& binary) {
    return "netsh advfirewall firewall add rule name=\"" + rule_of(name) + "\" dir=in action=allow profile=domain,private program=\"" + binary + "\"";
}

std::string forbid_command(const std::string& name) { return "netsh advfirewall firewall delete rule name=\"" + rule_of(name) + "\""; }

Result<void> allow_in_firewall(const std::string& name, const std::string& binary) {
    run(forbid_command(name));
    if (!run(allow_command(name, binary))) {
        std::fprintf(stderr, "sluice: left out: the firewall did not take the rule: %s\n", allow_command(name, binary).c_str());
    }
    return {};
}

Result<void> forbid_in_firewall(const std::string& name) {
    // Fails when there is no such rule, which is what is wanted.
    run(forbid_command(name));
    return {};
}

}  // namespace sluice::service
