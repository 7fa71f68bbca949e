#include "windows/system_calls.hpp"

#include <asio/error.hpp>

namespace sluice::platform {
namespace {

std::error_code as_error_code(DWORD error) {
    // Asio's category asks the system for the text; the standard library's knows errno only.
    return {static_cast<int>(error), asio::error::get_system_category()};
}

}  // namespace

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
    return as_error_code(static_cast<DWORD>(WSAGetLastError()));
}

std::error_code last_system_error() {
    return as_error_code(::GetLastError());
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

}  // namespace sluice::platform
