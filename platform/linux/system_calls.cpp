#include "posix/system_calls.hpp"

namespace sluice::platform {

NativeSocket open_stream_socket(int family) {
    return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

NativeSocket accept_stream_socket(NativeSocket listener, sockaddr* address, socklen_t* size) {
    return ::accept4(listener, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

}  // namespace sluice::platform
