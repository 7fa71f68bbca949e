#include "posix/listen_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>

#include "platform/socket_address.hpp"
#include "posix/socket_file.hpp"
#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

bool set_option(NativeSocket socket, int level, int name, bool on) {
    const int value = on ? 1 : 0;
    return ::setsockopt(socket, level, name, &value, sizeof value) == 0;
}

bool set_tcp_options(NativeSocket socket, const SocketAddress& target) {
    // Without it a restart fails while connections of the last run are in TIME_WAIT.
    if (!set_option(socket, SOL_SOCKET, SO_REUSEADDR, true)) return false;
    if (target.protocol().family() != AF_INET6) return true;
    // The system-wide default differs from host to host: always said.
    return set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, !is_ipv6_wildcard(target));
}

std::uint16_t bound_port(NativeSocket socket) {
    SocketAddress bound;
    socklen_t size = static_cast<socklen_t>(bound.capacity());
    if (::getsockname(socket, bound.data(), &size) != 0) return 0;
    bound.resize(size);
    return port_of(bound);
}

int listen_backlog(std::uint32_t backlog) {
    return static_cast<int>(std::min<std::uint32_t>(backlog, INT_MAX));
}

/// Errors are told by errno.
bool bind_tcp(NativeSocket socket, const SocketAddress& target, ListenSteps steps) {
    return set_tcp_options(socket, target) &&
           (steps.before_bind == nullptr || steps.before_bind(socket)) &&
           ::bind(socket, target.data(), static_cast<socklen_t>(target.size())) == 0 &&
           (steps.after_bind == nullptr || steps.after_bind(socket));
}

}  // namespace

Result<OpenListener> open_listen_socket(const ListenAddress& address, std::uint32_t backlog,
                                        ListenSteps steps) {
    const Result<SocketAddress> target = socket_address(address);
    if (!target) return fail(target.error());
    OwnedSocket socket(open_stream_socket(target->protocol().family()));
    if (!socket.is_open()) return fail(listen_error(address, last_error()));
    if (address.kind == AddressFamily::Unix) {
        Result<void> bound = bind_socket_file(socket.get(), address, *target);
        if (!bound) return fail(std::move(bound.error()));
    } else if (!bind_tcp(socket.get(), *target, steps)) {
        return fail(listen_error(address, last_error()));
    }
    ListenAddress listening = address;
    listening.port = bound_port(socket.get());
    OpenListener listener(std::move(socket), std::move(listening));
    if (::listen(listener.native_handle(), listen_backlog(backlog)) != 0) {
        return fail(listen_error(address, last_error()));
    }
    return listener;
}

}  // namespace sluice::platform
