#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "platform/socket.hpp"

namespace sluice::platform {

/// Where to listen: an address literal and a port, or the path of a Unix-domain socket.
struct ListenAddress {
    AddressFamily kind = AddressFamily::Ipv4;
    /// "127.0.0.1", "::1" without brackets, or the path.
    std::string host;
    /// 0 lets the system choose; unused for a path.
    std::uint16_t port = 0;
    /// Of a Unix-domain socket: for the gateway's own user alone (mode 0600) instead of its group too (0660).
    bool is_private = false;

    /// "127.0.0.1:8080", "[::1]:8080", "unix:/run/sluice.sock".
    [[nodiscard]] std::string text() const;
};

/// How workers share one listening address.
enum class SharingStrategy : std::uint8_t {
    /// Each worker has a socket of its own bound to the same port, and the kernel balances.
    SocketPerWorker,
    /// One socket; an AcceptThread takes the connections and hands each to a worker.
    HandOver,
};

/// The strategy that balances on this system for this kind of address: SocketPerWorker for TCP on
/// Linux, where SO_REUSEPORT spreads connections; HandOver everywhere else.
[[nodiscard]] SharingStrategy sharing_strategy(const ListenAddress& address);

/// A listening socket: non-blocking and not inherited by child processes.
///
/// Lifetime:  move-only owner. Closing makes the system refuse new connections; the file of a
///            Unix-domain socket is removed.
class OpenListener {
public:
    OpenListener() = default;
    OpenListener(OwnedSocket socket, ListenAddress address)
        : socket_(std::move(socket)), address_(std::move(address)) {}
    OpenListener(OpenListener&&) noexcept = default;
    OpenListener& operator=(OpenListener&& other) noexcept;
    OpenListener(const OpenListener&) = delete;
    OpenListener& operator=(const OpenListener&) = delete;
    ~OpenListener() { close(); }

    [[nodiscard]] bool is_open() const { return socket_.is_open(); }
    [[nodiscard]] NativeSocket native_handle() const { return socket_.get(); }
    /// The port that is bound, also when 0 was asked for; 0 for a Unix-domain socket.
    [[nodiscard]] std::uint16_t port() const { return address_.port; }
    /// The address with the bound port.
    [[nodiscard]] const ListenAddress& address() const { return address_; }
    void close();

    /// Closes our handle alone: another process has the socket too, and goes on with it. The file of a Unix-domain socket stays.
    void leave() { socket_.reset(); }
    /// Gives the handle to another owner, who leaves the file of a Unix-domain socket alone.
    [[nodiscard]] OwnedSocket release() { return std::move(socket_); }
    /// A socket that another process still serves: the file of a Unix-domain socket is not removed at the close ...
    void share() { is_shared_ = true; }
    /// ... until the other has left it.
    void claim() { is_shared_ = false; }

private:
    OwnedSocket socket_;
    ListenAddress address_;
    bool is_shared_ = false;
};

/// Binds and listens. An IPv6 wildcard ("::") is dual stack: it takes IPv4 clients too; any other
/// IPv6 address is IPv6 only. A Unix-domain socket gets mode 0660, or 0600
/// when it is private; a file left over by a dead process is replaced.
///
/// Failure:   the address is in use (also by another gateway), not local, not permitted or not an
///            address literal: code System, the context names the address and what may be done.
[[nodiscard]] Result<OpenListener> open_listener(const ListenAddress& address,
                                                 std::uint32_t backlog);

/// Opens one more socket on the same address and port, for the next worker (SocketPerWorker only).
[[nodiscard]] Result<OpenListener> open_sibling(const OpenListener& first, std::uint32_t backlog);

/// Takes one waiting connection; nullopt when none waits. Connections that broke before they were
/// taken are skipped.
///
/// Threading: several threads may accept on one listener.
/// Failure:   `is_out_of_descriptors` tells that the process or system has no descriptor or buffer
///            left: pause, the connection keeps waiting. Else the listener is broken.
[[nodiscard]] Result<std::optional<Accepted>> accept_connection(NativeSocket listener);

[[nodiscard]] bool is_out_of_descriptors(const Error& error);

}  // namespace sluice::platform
