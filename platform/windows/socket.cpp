#include "platform/socket.hpp"

#include "windows/system_calls.hpp"

namespace sluice::platform {

void close_socket(NativeSocket socket) {
    ::closesocket(socket);
}

void set_no_delay(NativeSocket socket) {
    const BOOL on = TRUE;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof on);
}

bool is_would_block(const std::error_code& error) {
    return error.value() == WSAEWOULDBLOCK;
}

PeekState peek_state(NativeSocket socket) {
    char byte = 0;
    const int got = ::recv(socket, &byte, 1, MSG_PEEK);
    if (got > 0) return PeekState::HasData;
    if (got == 0) return PeekState::Closed;
    return WSAGetLastError() == WSAEWOULDBLOCK ? PeekState::Open : PeekState::Closed;
}

}  // namespace sluice::platform
