#include "platform/socket_address.hpp"

#include <algorithm>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <cstring>

namespace sluice::platform {
namespace {

using asio::ip::tcp;

std::optional<tcp::endpoint> ip_endpoint(const SocketAddress& address) {
    const int family = address.protocol().family();
    if (family != tcp::v4().family() && family != tcp::v6().family()) return std::nullopt;
    tcp::endpoint endpoint;
    if (address.size() > endpoint.capacity()) return std::nullopt;
    std::memcpy(endpoint.data(), address.data(), address.size());
    endpoint.resize(address.size());
    return endpoint;
}

Error bad_literal(const ListenAddress& address, std::string_view expected) {
    return {ErrorCode::System, Side::Internal, Retry::Never,
            "cannot listen on " + address.text() + ": expected " + std::string(expected),
            std::make_error_code(std::errc::invalid_argument)};
}

Result<SocketAddress> path_address(const ListenAddress& address) {
    // Asio throws on a path that is too long.
    const std::size_t most = sizeof(asio::detail::sockaddr_un_type::sun_path) - 1;
    if (address.host.empty() || address.host.size() > most) {
        return fail(bad_literal(address, "a path of 1 to " + std::to_string(most) + " bytes"));
    }
    return SocketAddress(asio::local::stream_protocol::endpoint(address.host));
}

/// What an operator may do about it; empty when the cause says enough.
std::string_view advice(const std::error_code& cause) {
    // By value: the category differs from system to system.
    if (cause.value() == asio::error::address_in_use) return "; another process listens there";
    if (cause.value() == asio::error::access_denied) {
        return "; ports below 1024 and foreign folders need a permission";
    }
    if (cause.value() == asio::error::address_family_not_supported) {
        return "; this system does not have this kind of socket";
    }
    return {};
}

}  // namespace

Result<SocketAddress> socket_address(const ListenAddress& address) {
    if (address.kind == AddressFamily::Unix) return path_address(address);
    std::error_code error;
    const asio::ip::address literal = asio::ip::make_address(address.host, error);
    const bool wants_v4 = address.kind == AddressFamily::Ipv4;
    // Windows reads brackets, and a port behind them, as part of a literal.
    const bool has_brackets = address.host.find('[') != std::string::npos;
    if (error || has_brackets || literal.is_v4() != wants_v4) {
        return fail(
            bad_literal(address, wants_v4 ? "an IPv4 address literal" : "an IPv6 address literal"));
    }
    return SocketAddress(tcp::endpoint(literal, address.port));
}

bool is_ipv6_wildcard(const SocketAddress& address) {
    const std::optional<tcp::endpoint> endpoint = ip_endpoint(address);
    return endpoint && endpoint->address().is_v6() && endpoint->address().to_v6().is_unspecified();
}

Peer peer_of(const SocketAddress& address) {
    Peer peer;
    const std::optional<tcp::endpoint> endpoint = ip_endpoint(address);
    if (!endpoint) return peer;
    peer.port = endpoint->port();
    asio::ip::address ip = endpoint->address();
    if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
        ip = asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6());
    }
    if (ip.is_v4()) {
        peer.family = AddressFamily::Ipv4;
        std::ranges::copy(ip.to_v4().to_bytes(), peer.address.begin());
    } else {
        peer.family = AddressFamily::Ipv6;
        std::ranges::copy(ip.to_v6().to_bytes(), peer.address.begin());
    }
    return peer;
}

std::uint16_t port_of(const SocketAddress& address) {
    const std::optional<tcp::endpoint> endpoint = ip_endpoint(address);
    return endpoint ? endpoint->port() : std::uint16_t{0};
}

Error listen_error(const ListenAddress& address, std::error_code cause) {
    return system_error("cannot listen on " + address.text() + std::string(advice(cause)), cause);
}

Error accept_error(bool is_out_of_descriptors, std::error_code cause) {
    if (!is_out_of_descriptors) return system_error("accepting a connection", cause);
    return {ErrorCode::TooManyConnections, Side::Internal, Retry::Always,
            "no descriptor left to accept a connection", cause};
}

bool is_out_of_descriptors(const Error& error) {
    return error.code == ErrorCode::TooManyConnections;
}

std::string ListenAddress::text() const {
    if (kind == AddressFamily::Unix) return "unix:" + host;
    const std::string port_text = ":" + std::to_string(port);
    return kind == AddressFamily::Ipv6 ? "[" + host + "]" + port_text : host + port_text;
}

std::string Peer::address_text() const {
    if (family == AddressFamily::Unix) return "unix";
    if (family == AddressFamily::Ipv6) return asio::ip::address_v6(address).to_string();
    // Once for every connection: the system's way takes a whole microsecond.
    std::string text = std::to_string(address[0]);
    for (std::size_t i = 1; i < 4; ++i) text.append(".").append(std::to_string(address[i]));
    return text;
}

std::string Peer::text() const {
    if (family == AddressFamily::Unix) return "unix";
    const std::string port_text = ":" + std::to_string(port);
    return family == AddressFamily::Ipv6 ? "[" + address_text() + "]" + port_text
                                         : address_text() + port_text;
}

}  // namespace sluice::platform
