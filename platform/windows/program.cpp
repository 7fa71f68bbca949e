#include "platform/program.hpp"

#include "windows/system_calls.hpp"

#include <shellapi.h>

#include <array>

namespace sluice::platform {

Program program_of(int, const char* const*) {
    // main() gets the arguments in the code page of the system, which may lack their characters.
    Program program;
    int count = 0;
    LPWSTR* const arguments = ::CommandLineToArgvW(::GetCommandLineW(), &count);
    for (int i = 0; i < count; ++i) program.arguments.push_back(to_utf8(arguments[i]));
    if (arguments != nullptr) ::LocalFree(arguments);
    std::array<wchar_t, 32768> path{};
    const DWORD size = ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    program.path = to_utf8({path.data(), size});
    return program;
}

}  // namespace sluice::platform
