#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "platform/native_socket.hpp"

namespace sluice::platform {

void close_socket(NativeSocket socket);

/// Owns a socket and closes it. The value `no_socket` stands for none.
///
/// Lifetime:  move-only; `release` gives the handle to another owner, such as a StreamSocket.
class OwnedSocket {
public:
    OwnedSocket() = default;
    explicit OwnedSocket(NativeSocket socket) : socket_(socket) {}
    OwnedSocket(OwnedSocket&& other) noexcept : socket_(other.release()) {}
    OwnedSocket& operator=(OwnedSocket&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    OwnedSocket(const OwnedSocket&) = delete;
    OwnedSocket& operator=(const OwnedSocket&) = delete;
    ~OwnedSocket() { reset(); }

    [[nodiscard]] bool is_open() const { return socket_ != no_socket; }
    [[nodiscard]] NativeSocket get() const { return socket_; }
    [[nodiscard]] NativeSocket release() { return std::exchange(socket_, no_socket); }
    void reset(NativeSocket socket = no_socket) {
        if (is_open()) close_socket(socket_);
        socket_ = socket;
    }

private:
    NativeSocket socket_ = no_socket;
};

enum class AddressFamily : std::uint8_t { Ipv4, Ipv6, Unix };

/// The other end of an accepted connection. A client that reached a dual-stack socket over IPv4 is
/// reported as IPv4, so that rules about addresses see one form only (RFC 4291, 2.5.5.2).
struct Peer {
    /// In network order; IPv4 uses the first four bytes, a Unix-domain peer none.
    std::array<std::uint8_t, 16> address{};
    AddressFamily family = AddressFamily::Unix;
    std::uint16_t port = 0;

    /// The address alone: "192.0.2.1", "2001:db8::1" (the form of RFC 5952) or "unix".
    [[nodiscard]] std::string address_text() const;
    /// With the port: "192.0.2.1:5000", "[2001:db8::1]:5000" or "unix".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Peer&, const Peer&) = default;
};

/// A connection that a listener has taken: non-blocking, not inherited by child processes, and for
/// TCP without Nagle's delay.
struct Accepted {
    OwnedSocket socket;
    Peer peer;
};

/// Turns Nagle's algorithm off; a socket that does not know it stays as it is.
void set_no_delay(NativeSocket socket);

/// Whether the error says that the call would have had to wait.
[[nodiscard]] bool is_would_block(const std::error_code& error);

enum class PeekState : std::uint8_t {
    /// Connected, nothing to read.
    Open,
    /// Bytes wait to be read.
    HasData,
    /// The peer has sent its end of input, or the connection is broken.
    Closed,
};

/// Looks at the input of a non-blocking, connected socket without taking anything.
[[nodiscard]] PeekState peek_state(NativeSocket socket);

}  // namespace sluice::platform
