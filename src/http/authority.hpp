#pragma once

#include <optional>
#include <string_view>

namespace sluice::http {

/// A host with its port, as Host and targets carry them (RFC 9110, 7.2).
struct Authority {
    /// A name, an IPv4 address, or an IPv6 address with its brackets.
    std::string_view host;
    /// Digits, at most 65535; "" when no port was named.
    std::string_view port;
};

/// Splits and checks: no user information, no list, no percent signs, no empty host, no empty port.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

/// The text between the brackets of an IPv6 literal (RFC 3986, 3.2.2), without a zone.
[[nodiscard]] bool is_ipv6_address(std::string_view text);
[[nodiscard]] bool is_ipv4_address(std::string_view text);

}  // namespace sluice::http
