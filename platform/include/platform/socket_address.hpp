#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <cstddef>

#include "base/result.hpp"
#include "platform/shared_listener.hpp"

namespace sluice::platform {

using SocketAddress = asio::generic::stream_protocol::endpoint;

/// The address as the system's calls take it.
///
/// Failure:   the host is no literal of its kind, or the path is empty or too long.
[[nodiscard]] Result<SocketAddress> socket_address(const ListenAddress& address);

/// Whether it is "::", which stands for every address, IPv4 ones too.
[[nodiscard]] bool is_ipv6_wildcard(const SocketAddress& address);

/// What an accepting call has reported, IPv4-mapped addresses as IPv4.
[[nodiscard]] Peer peer_of(const SocketAddress& address);

/// The port in it; 0 when the family has none.
[[nodiscard]] std::uint16_t port_of(const SocketAddress& address);

/// A failed listen call as an Error: "cannot listen on 127.0.0.1:80: permission denied ...".
[[nodiscard]] Error listen_error(const ListenAddress& address, std::error_code cause);

/// An error of accepting: TooManyConnections stands for descriptors that ran out.
[[nodiscard]] Error accept_error(bool is_out_of_descriptors, std::error_code cause);

}  // namespace sluice::platform
