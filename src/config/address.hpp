#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/model.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// Reads "127.0.0.1:8080", "[::1]:8080", "orders.internal:8080" or "unix:/run/sluice.sock". An IPv6
/// literal is kept in its canonical form (RFC 5952), so that equal addresses compare equal. Port 0
/// is allowed; whether it makes sense is for the caller to say.
[[nodiscard]] std::expected<Address, Complaint> parse_address(std::string_view text);

/// Reads "10.0.0.0/8", "2001:db8::/32" or a single address, which is a network of one. Bits behind
/// the prefix must be zero. IPv4-mapped IPv6 networks (::ffff:0:0/96 and longer) become IPv4 ones.
[[nodiscard]] std::expected<Network, Complaint> parse_network(std::string_view text);

/// "10.0.0.0/8", or a single address without a prefix.
[[nodiscard]] std::string format_network(const Network& network);

/// Reads an IP literal without brackets and port, as X-Forwarded-For carries it. Zone ids are
/// refused.
[[nodiscard]] std::optional<Network> parse_ip(std::string_view text);

/// Whether the address lies in the network. `bytes` are 4 for IPv4 and 16 for IPv6, network byte
/// order; an IPv4-mapped IPv6 address lies in IPv4 networks.
[[nodiscard]] bool contains(const Network& network, Address::Kind kind,
                            std::span<const std::uint8_t> bytes);

}  // namespace sluice::config
