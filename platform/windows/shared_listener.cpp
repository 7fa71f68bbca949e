#include "platform/shared_listener.hpp"

#include <ws2tcpip.h>

#include <algorithm>

#include "platform/socket_address.hpp"
#include "windows/socket_file.hpp"
#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

bool set_option(NativeSocket socket, int level, int name, bool on) {
    const DWORD value = on ? 1 : 0;
    return ::setsockopt(socket, level, name, reinterpret_cast<const char*>(&value), sizeof value) ==
           0;
}

/// Errors are told by WSAGetLastError.
bool bind_tcp(NativeSocket socket, const SocketAddress& target) {
    // Nobody else may bind the port, not even with SO_REUSEADDR, which steals connections on
    // Windows.
    if (!set_option(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, true)) return false;
    if (target.protocol().family() == AF_INET6 &&
        !set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, !is_ipv6_wildcard(target))) {
        return false;
    }
    return ::bind(socket, target.data(), static_cast<int>(target.size())) == 0;
}

std::uint16_t bound_port(NativeSocket socket) {
    SocketAddress bound;
    int size = static_cast<int>(bound.capacity());
    if (::getsockname(socket, bound.data(), &size) != 0) return 0;
    bound.resize(static_cast<std::size_t>(size));
    return port_of(bound);
}

/// Windows cuts a plain backlog at 200; the negative form (SOMAXCONN_HINT) reaches further.
int listen_backlog(std::uint32_t backlog) {
    const int most = 65535;
    const int plain_most = 200;
    const int wanted = static_cast<int>(std::min<std::uint32_t>(backlog, most));
    return wanted > plain_most ? -wanted : wanted;
}

}  // namespace

SharingStrategy sharing_strategy(const ListenAddress&) {
    // A socket belongs to one completion port for ever: one thread accepts, workers get
    // connections.
    return SharingStrategy::HandOver;
}

Result<OpenListener> open_listener(const ListenAddress& address, std::uint32_t backlog) {
    start_winsock();
    const Result<SocketAddress> target = socket_address(address);
    if (!target) return fail(target.error());
    OwnedSocket socket(::WSASocketW(target->protocol().family(), SOCK_STREAM, 0, nullptr, 0,
                                    WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
    if (!socket.is_open() || !set_non_blocking_and_private(socket.get())) {
        return fail(listen_error(address, last_socket_error()));
    }
    if (address.kind == AddressFamily::Unix) {
        Result<void> bound = bind_socket_file(socket.get(), address, *target);
        if (!bound) return fail(std::move(bound.error()));
    } else if (!bind_tcp(socket.get(), *target)) {
        return fail(listen_error(address, last_socket_error()));
    }
    ListenAddress listening = address;
    listening.port = bound_port(socket.get());
    OpenListener listener(std::move(socket), std::move(listening));
    if (::listen(listener.native_handle(), listen_backlog(backlog)) != 0) {
        return fail(listen_error(address, last_socket_error()));
    }
    return listener;
}

Result<OpenListener> open_sibling(const OpenListener& first, std::uint32_t) {
    return fail(
        listen_error(first.address(), std::make_error_code(std::errc::operation_not_supported)));
}

OpenListener& OpenListener::operator=(OpenListener&& other) noexcept {
    if (this != &other) {
        close();
        socket_ = std::move(other.socket_);
        address_ = std::move(other.address_);
        is_shared_ = other.is_shared_;
    }
    return *this;
}

void OpenListener::close() {
    if (!socket_.is_open()) return;
    // The file goes first: after the close its place may be another process's.
    if (address_.kind == AddressFamily::Unix && !is_shared_) ::DeleteFileW(to_wide(address_.host).c_str());
    socket_.reset();
}

}  // namespace sluice::platform
