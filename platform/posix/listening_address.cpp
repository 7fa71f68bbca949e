#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "platform/activated_sockets.hpp"
#include "platform/socket_address.hpp"
#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

std::optional<int> option(NativeSocket socket, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? std::optional(value) : std::nullopt;
}

/// A name without a file begins with a zero byte, and an unbound socket has none: neither can be in a configuration.
std::string path_of(const SocketAddress& bound) {
    constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
    if (bound.size() <= start) return {};
    const char* const path = reinterpret_cast<const char*>(bound.data()) + start;
    return {path, ::strnlen(path, bound.size() - start)};
}

}  // namespace

Result<ListenAddress> listening_address(NativeSocket socket) {
    // macOS does not tell whether it listens.
    if (option(socket, SO_TYPE) != SOCK_STREAM || option(socket, SO_ACCEPTCONN) == 0) {
        return fail(system_error("the socket does not listen for connections", {}));
    }
    SocketAddress bound;
    socklen_t size = static_cast<socklen_t>(bound.capacity());
    if (::getsockname(socket, bound.data(), &size) != 0) return fail(system_error("asking where a socket listens", last_error()));
    bound.resize(size);
    const int family = bound.protocol().family();
    if (family == AF_UNIX) return ListenAddress{AddressFamily::Unix, path_of(bound)};
    if (family != AF_INET && family != AF_INET6) return fail(system_error("the socket is of a family that is not known here", {}));
    const Peer place = peer_of(bound);
    return ListenAddress{place.family, place.address_text(), port_of(bound)};
}

}  // namespace sluice::platform
