#include "platform/shared_listener.hpp"

#include "platform/socket_address.hpp"
#include "posix/listen_socket.hpp"

namespace sluice::platform {

SharingStrategy sharing_strategy(const ListenAddress&) {
    // SO_REUSEPORT exists, but the kernel gives all connections to one of the sockets.
    return SharingStrategy::HandOver;
}

Result<OpenListener> open_listener(const ListenAddress& address, std::uint32_t backlog) {
    return open_listen_socket(address, backlog, {});
}

Result<OpenListener> open_sibling(const OpenListener& first, std::uint32_t) {
    return fail(
        listen_error(first.address(), std::make_error_code(std::errc::operation_not_supported)));
}

}  // namespace sluice::platform
