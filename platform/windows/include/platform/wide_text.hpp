#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace sluice::platform {

/// Windows takes and gives text in UTF-16; ours is UTF-8. What is not sound text becomes U+FFFD.
[[nodiscard]] std::string to_utf8(std::wstring_view text);
[[nodiscard]] std::wstring to_wide(std::string_view text);

/// The last error of the system on this thread, or one of its error numbers, with the system's text.
[[nodiscard]] std::error_code last_system_error();
[[nodiscard]] std::error_code system_error_code(unsigned long number);

/// Appends an argument to a command line so that CommandLineToArgvW takes it apart again.
void append_argument(std::wstring& line, std::wstring_view argument);

}  // namespace sluice::platform
