#include "posix/system_calls.hpp"

#include <cerrno>

namespace sluice::platform {
namespace {

/// A write to a broken connection is an error here too, never SIGPIPE.
NativeSocket prepare(NativeSocket socket) {
    if (socket == no_socket) return no_socket;
    const int on = 1;
    const bool is_ready = set_non_blocking_and_private(socket) &&
                          ::setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) == 0;
    if (is_ready) return socket;
    const int error = errno;
    close_socket(socket);
    // A connection that its peer has reset already refuses options with EINVAL: skip it.
    errno = error == EINVAL ? ECONNABORTED : error;
    return no_socket;
}

}  // namespace

NativeSocket open_stream_socket(int family) {
    return prepare(::socket(family, SOCK_STREAM, 0));
}

NativeSocket accept_stream_socket(NativeSocket listener, sockaddr* address, socklen_t* size) {
    return prepare(::accept(listener, address, size));
}

}  // namespace sluice::platform
