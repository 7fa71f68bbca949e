#include "config/address.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/field_rules.hpp"
#include "config/ip_literal.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::string_view address_forms =
    "write \"127.0.0.1:8080\", \"[::1]:8080\", \"name:8080\" or \"unix:/path\"";

std::unexpected<Complaint> refuse(std::string message, std::string_view help) {
    return std::unexpected(Complaint{std::move(message), std::string(help)});
}

std::expected<Address, Complaint> parse_unix_path(std::string_view path) {
    // sun_path holds 104 bytes on macOS, 108 on Linux and Windows, the closing NUL included.
    constexpr std::size_t longest = 103;
    if (path.empty())
        return refuse("the path after 'unix:' is empty", "write \"unix:/run/name.sock\"");
    if (has_control(path))
        return refuse("the socket's path holds a control character", "remove it");
    if (path.size() > longest) {
        return refuse("the socket's path has " + std::to_string(path.size()) + " bytes",
                      "at most 103 fit on every system");
    }
    return Address{Address::Kind::UnixPath, std::string(path), 0};
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    const auto value = parse_decimal(digits);
    if (!value || *value > 65535 || (digits.size() > 1 && digits.front() == '0'))
        return std::nullopt;
    return static_cast<std::uint16_t>(*value);
}

std::expected<Address, Complaint> parse_host(std::string_view host, std::string_view text) {
    if (host.starts_with('[') && host.ends_with(']')) {
        const auto bytes = parse_ipv6(host.substr(1, host.size() - 2));
        if (!bytes)
            return refuse(in_quotes(host) + " is not an IPv6 address", "write one such as [::1]");
        return Address{Address::Kind::Ipv6, format_ipv6(*bytes), 0};
    }
    if (host.contains(':') || host.contains('[')) {
        return refuse(in_quotes(text) + " is not an address",
                      "an IPv6 address stands in brackets: \"[::1]:8080\"");
    }
    if (const auto bytes = parse_ipv4(host)) {
        return Address{Address::Kind::Ipv4, format_ipv4(bytes->data()), 0};
    }
    if (host.empty() || host == "*") {
        return refuse(in_quotes(text) + " has no host",
                      "for every interface write \"0.0.0.0:PORT\" or \"[::]:PORT\"");
    }
    if (is_host_name(host)) return Address{Address::Kind::Name, to_lower(host), 0};
    return refuse(in_quotes(host) + " is neither an IP address nor a host name", address_forms);
}

/// Nothing but the prefix's bits may be set: "10.0.0.1/8" is more likely a mistake than a wish.
void clear_behind_prefix(Network& network) {
    for (std::size_t i = 0; i < network.bytes.size(); ++i) {
        const std::size_t first_bit = i * 8;
        if (first_bit >= network.prefix_length) {
            network.bytes[i] = 0;
        } else if (network.prefix_length - first_bit < 8) {
            const auto kept = static_cast<unsigned>(network.prefix_length - first_bit);
            network.bytes[i] = static_cast<std::uint8_t>(network.bytes[i] & (0xFF00U >> kept));
        }
    }
}

std::string text_of(const Network& network) {
    const std::string host = network.kind == Address::Kind::Ipv4 ? format_ipv4(network.bytes.data())
                                                                 : format_ipv6(network.bytes);
    return host + "/" + std::to_string(network.prefix_length);
}

/// An IPv4 network written as ::ffff:10.0.0.0/104 becomes 10.0.0.0/8.
Network unmapped(const Network& network) {
    if (network.kind != Address::Kind::Ipv6 || network.prefix_length < 96 ||
        !is_mapped_ipv4(network.bytes.data())) {
        return network;
    }
    Network plain;
    plain.kind = Address::Kind::Ipv4;
    std::copy_n(network.bytes.begin() + 12, 4, plain.bytes.begin());
    plain.prefix_length = static_cast<std::uint8_t>(network.prefix_length - 96);
    return plain;
}

std::optional<Network> parse_literal(std::string_view text) {
    Network network;
    if (const auto ipv4 = parse_ipv4(text)) {
        network.kind = Address::Kind::Ipv4;
        std::ranges::copy(*ipv4, network.bytes.begin());
        network.prefix_length = 32;
        return network;
    }
    const auto ipv6 = parse_ipv6(text);
    if (!ipv6) return std::nullopt;
    network.kind = Address::Kind::Ipv6;
    network.bytes = *ipv6;
    network.prefix_length = 128;
    return network;
}

bool equal_bits(const std::uint8_t* a, const std::uint8_t* b, std::size_t count) {
    const std::size_t whole = count / 8;
    if (!std::equal(a, a + whole, b)) return false;
    const auto rest = static_cast<unsigned>(count % 8);
    if (rest == 0) return true;
    const auto difference = static_cast<unsigned>(a[whole] ^ b[whole]);
    return (difference & (0xFF00U >> rest) & 0xFFU) == 0;
}

}  // namespace

std::string Address::text() const {
    switch (kind) {
        case Kind::UnixPath:
            return std::string(unix_prefix) + host;
        case Kind::Ipv6:
            return "[" + host + "]:" + std::to_string(port);
        case Kind::Ipv4:
        case Kind::Name:
            break;
    }
    return host + ":" + std::to_string(port);
}

std::expected<Address, Complaint> parse_address(std::string_view text) {
    if (text.starts_with(unix_prefix)) return parse_unix_path(text.substr(unix_prefix.size()));
    if (text.contains("://")) {
        return refuse(in_quotes(text) + " is a URL, not an address",
                      "leave out what stands before and after \"host:port\"");
    }
    const std::size_t colon = text.rfind(':');
    const bool has_port = colon != std::string_view::npos && !text.ends_with(']');
    if (!has_port) return refuse(in_quotes(text) + " has no port", address_forms);
    auto address = parse_host(text.substr(0, colon), text);
    if (!address) return address;
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) {
        return refuse(in_quotes(text.substr(colon + 1)) + " is not a port",
                      "write a number from 0 to 65535");
    }
    address->port = *port;
    return address;
}

std::expected<Network, Complaint> parse_network(std::string_view text) {
    constexpr std::string_view forms =
        "write \"10.0.0.0/8\", \"2001:db8::/32\" or a single address";
    const std::size_t slash = text.find('/');
    auto network = parse_literal(text.substr(0, slash));
    if (!network) return refuse(in_quotes(text) + " is not a network", forms);
    if (slash == std::string_view::npos) return unmapped(*network);
    const std::string_view digits = text.substr(slash + 1);
    const auto length = parse_decimal(digits);
    if (!length || *length > network->prefix_length ||
        (digits.size() > 1 && digits.front() == '0')) {
        return refuse(in_quotes(digits) + " is not a prefix length",
                      "write a number from 0 to " + std::to_string(network->prefix_length));
    }
    const Network literal = *network;
    network->prefix_length = static_cast<std::uint8_t>(*length);
    clear_behind_prefix(*network);
    if (network->bytes != literal.bytes) {
        return refuse(in_quotes(text) + " has bits set behind the prefix",
                      "write \"" + text_of(*network) + "\", or the address alone");
    }
    return unmapped(*network);
}

std::string format_network(const Network& network) {
    std::string text = text_of(network);
    const std::string_view single = network.kind == Address::Kind::Ipv4 ? "/32" : "/128";
    if (text.ends_with(single)) text.resize(text.size() - single.size());
    return text;
}

std::optional<Network> parse_ip(std::string_view text) {
    const auto literal = parse_literal(text);
    if (!literal) return std::nullopt;
    return unmapped(*literal);
}

bool contains(const Network& network, Address::Kind kind, std::span<const std::uint8_t> bytes) {
    if (kind == Address::Kind::Ipv6 && bytes.size() == 16 && is_mapped_ipv4(bytes.data())) {
        kind = Address::Kind::Ipv4;
        bytes = bytes.subspan(12);
    }
    const std::size_t expected = network.kind == Address::Kind::Ipv4 ? 4 : 16;
    if (kind != network.kind || bytes.size() != expected) return false;
    return equal_bits(network.bytes.data(), bytes.data(), network.prefix_length);
}

}  // namespace sluice::config
