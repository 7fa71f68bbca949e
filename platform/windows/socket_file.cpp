#include "windows/socket_file.hpp"

#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

/// Whether the file is a socket that refuses connections.
bool is_stale(const SocketAddress& target) {
    const OwnedSocket probe(::WSASocketW(AF_UNIX, SOCK_STREAM, 0, nullptr, 0,
                                         WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
    if (!probe.is_open()) return false;
    return ::connect(probe.get(), target.data(), static_cast<int>(target.size())) != 0 &&
           WSAGetLastError() == WSAECONNREFUSED;
}

}  // namespace

Result<void> bind_socket_file(NativeSocket socket, const ListenAddress& address,
                              const SocketAddress& target) {
    const std::wstring path = to_wide(address.host);
    const DWORD attributes = ::GetFileAttributesW(path.c_str());
    if (attributes != INVALID_FILE_ATTRIBUTES) {
        // Sockets are reparse points; a plain file is never removed.
        const bool is_socket = (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
        if (!is_socket || !is_stale(target)) {
            ::WSASetLastError(WSAEADDRINUSE);
            return fail(listen_error(address, last_socket_error()));
        }
        ::DeleteFileW(path.c_str());
    }
    if (::bind(socket, target.data(), static_cast<int>(target.size())) != 0) {
        return fail(listen_error(address, last_socket_error()));
    }
    return {};
}

}  // namespace sluice::platform
