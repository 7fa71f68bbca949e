#include "windows/system_calls.hpp"

#include <asio/error.hpp>

namespace sluice::platform {

std::error_code system_error_code(unsigned long number) {
    // Asio's category asks the system for the text; the standard library's knows errno only.
    return {static_cast<int>(number), asio::error::get_system_category()};
}

void start_winsock() {
    [[maybe_unused]] static const int outcome = [] {
        WSADATA data{};
        return ::WSAStartup(MAKEWORD(2, 2), &data);
    }();
}

bool set_non_blocking_and_private(NativeSocket socket) {
    // An accepted socket inherits its listener's events, and could not be made blocking with them.
    if (::WSAEventSelect(socket, nullptr, 0) != 0) return false;
    u_long on = 1;
    if (::ioctlsocket(socket, static_cast<long>(FIONBIO), &on) != 0) return false;
    ::SetHandleInformation(reinterpret_cast<HANDLE>(socket), HANDLE_FLAG_INHERIT, 0);
    return true;
}

std::error_code last_socket_error() {
    return system_error_code(static_cast<DWORD>(WSAGetLastError()));
}

std::error_code last_system_error() {
    return system_error_code(::GetLastError());
}

std::string to_utf8(std::wstring_view text) {
    const int length = static_cast<int>(text.size());
    const int size =
        ::WideCharToMultiByte(CP_UTF8, 0, text.data(), length, nullptr, 0, nullptr, nullptr);
    std::string out(static_cast<std::size_t>(size), '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, text.data(), length, out.data(), size, nullptr, nullptr);
    return out;
}

std::wstring to_wide(std::string_view text) {
    const int length = static_cast<int>(text.size());
    const int size = ::MultiByteToWideChar(CP_UTF8, 0, text.data(), length, nullptr, 0);
    std::wstring out(static_cast<std::size_t>(size), L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), length, out.data(), size);
    return out;
}

void append_argument(std::wstring& line, std::wstring_view argument) {
    // Backslashes are plain but before a quotation mark.
    if (!line.empty()) line.push_back(L' ');
    line.push_back(L'"');
    std::size_t backslashes = 0;
    for (const wchar_t c : argument) {
        if (c == L'"') line.append(backslashes + 1, L'\\');
        backslashes = c == L'\\' ? backslashes + 1 : 0;
        line.push_back(c);
    }
    line.append(backslashes, L'\\');
    line.push_back(L'"');
}

}  // namespace sluice::platform
