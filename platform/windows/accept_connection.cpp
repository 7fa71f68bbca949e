#include "platform/shared_listener.hpp"
#include "platform/socket_address.hpp"
#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

enum class Verdict : std::uint8_t { Nothing, NextConnection, OutOfDescriptors, Broken };

Verdict judge(int error) {
    switch (error) {
        case WSAEWOULDBLOCK:
            return Verdict::Nothing;
        case WSAEMFILE:
        case WSAENOBUFS:
            return Verdict::OutOfDescriptors;
        case WSAECONNRESET:
        case WSAECONNABORTED:
        case WSAEINTR:
            return Verdict::NextConnection;
        default:
            return Verdict::Broken;
    }
}

}  // namespace

Result<std::optional<Accepted>> accept_connection(NativeSocket listener) {
    // Bounded, so that a flood of broken connections can't hold the thread.
    for (int attempt = 0; attempt < 64; ++attempt) {
        SocketAddress address;
        int size = static_cast<int>(address.capacity());
        OwnedSocket socket(::accept(listener, address.data(), &size));
        if (socket.is_open()) {
            if (!set_non_blocking_and_private(socket.get())) continue;
            address.resize(static_cast<std::size_t>(size));
            Accepted accepted{std::move(socket), peer_of(address)};
            if (accepted.peer.family != AddressFamily::Unix) set_no_delay(accepted.socket.get());
            return accepted;
        }
        const std::error_code cause = last_socket_error();
        const Verdict verdict = judge(cause.value());
        if (verdict == Verdict::Nothing) break;
        if (verdict == Verdict::NextConnection) continue;
        return fail(accept_error(verdict == Verdict::OutOfDescriptors, cause));
    }
    return std::nullopt;
}

}  // namespace sluice::platform
