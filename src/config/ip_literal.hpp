#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

using Ipv4Bytes = std::array<std::uint8_t, 4>;
using Ipv6Bytes = std::array<std::uint8_t, 16>;

/// Four decimal numbers without leading zeros: other readers take "010.0.0.1" for octal.
[[nodiscard]] std::optional<Ipv4Bytes> parse_ipv4(std::string_view text);

/// The forms of RFC 4291, 2.2, without a zone id.
[[nodiscard]] std::optional<Ipv6Bytes> parse_ipv6(std::string_view text);

[[nodiscard]] std::string format_ipv4(const std::uint8_t* bytes);

/// The one canonical form (RFC 5952).
[[nodiscard]] std::string format_ipv6(const Ipv6Bytes& bytes);

/// Whether it is an IPv4 address in IPv6 clothing: ::ffff:0:0/96 (RFC 4291, 2.5.5.2).
[[nodiscard]] bool is_mapped_ipv4(const std::uint8_t* ipv6_bytes);

}  // namespace sluice::config
