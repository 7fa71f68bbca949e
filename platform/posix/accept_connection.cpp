#include <sys/socket.h>

#include <cerrno>

#include "platform/shared_listener.hpp"
#include "platform/socket_address.hpp"
#include "posix/system_calls.hpp"

#include <unistd.h>

namespace sluice::platform {
namespace {

enum class Verdict : std::uint8_t { Nothing, NextConnection, OutOfDescriptors, Broken };

Verdict judge(int error) {
    switch (error) {
        case EAGAIN:
            return Verdict::Nothing;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return Verdict::OutOfDescriptors;
        case EBADF:
        case EINVAL:
        case ENOTSOCK:
        case EFAULT:
        case EOPNOTSUPP:
            return Verdict::Broken;
        default:
            // ECONNABORTED, EPROTO, EINTR, and on Linux whatever network error has already befallen
            // the new connection: only that one is lost.
            return Verdict::NextConnection;
    }
}

}  // namespace

Result<std::optional<Accepted>> accept_connection(NativeSocket listener) {
    // Bounded, so that a flood of broken connections can't hold the thread.
    for (int attempt = 0; attempt < 64; ++attempt) {
        SocketAddress address;
        socklen_t size = static_cast<socklen_t>(address.capacity());
        OwnedSocket socket(accept_stream_socket(listener, address.data(), &size));
        if (socket.is_open()) {
            // One that was reset already has no address.
            if (size == 0) continue;
            address.resize(size);
            Accepted accepted{std::move(socket), peer_of(address)};
            if (accepted.peer.family != AddressFamily::Unix) set_no_delay(accepted.socket.get());
            return accepted;
        }
        const std::error_code cause = last_error();
        const Verdict verdict = judge(cause.value());
        if (verdict == Verdict::Nothing) break;
        if (verdict == Verdict::NextConnection) continue;
        return fail(accept_error(verdict == Verdict::OutOfDescriptors, cause));
    }
    return std::nullopt;
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
    if (address_.kind == AddressFamily::Unix && !is_shared_) ::unlink(address_.host.c_str());
    socket_.reset();
}

}  // namespace sluice::platform
