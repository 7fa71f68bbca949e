#include "platform/shared_listener.hpp"

#include <sys/socket.h>

#include "platform/socket_address.hpp"
#include "posix/listen_socket.hpp"

namespace sluice::platform {
namespace {

bool share_port(NativeSocket socket) {
    const int on = 1;
    return ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
}

}  // namespace

SharingStrategy sharing_strategy(const ListenAddress& address) {
    return address.kind == AddressFamily::Unix ? SharingStrategy::HandOver
                                               : SharingStrategy::SocketPerWorker;
}

Result<OpenListener> open_listener(const ListenAddress& address, std::uint32_t backlog) {
    // The first socket is bound without SO_REUSEPORT, so that a second gateway is refused instead
    // of taking half of the connections; what is set before listen() counts for the siblings.
    return open_listen_socket(address, backlog, {.after_bind = share_port});
}

Result<OpenListener> open_sibling(const OpenListener& first, std::uint32_t backlog) {
    if (sharing_strategy(first.address()) == SharingStrategy::HandOver) {
        return fail(listen_error(first.address(),
                                 std::make_error_code(std::errc::operation_not_supported)));
    }
    return open_listen_socket(first.address(), backlog, {.before_bind = share_port});
}

}  // namespace sluice::platform
