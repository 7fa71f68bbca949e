#include "platform/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::platform {

void close_socket(NativeSocket socket) {
    ::close(socket);
}

void set_no_delay(NativeSocket socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool is_would_block(const std::error_code& error) {
    return error.value() == EAGAIN || error.value() == EWOULDBLOCK;
}

PeekState peek_state(NativeSocket socket) {
    char byte = 0;
    ssize_t got = 0;
    do {
        got = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0) return PeekState::HasData;
    if (got == 0) return PeekState::Closed;
    return errno == EAGAIN || errno == EWOULDBLOCK ? PeekState::Open : PeekState::Closed;
}

}  // namespace sluice::platform
