#include "http/authority.hpp"

#include "base/text.hpp"
#include "http/characters.hpp"

namespace sluice::http {
namespace {

/// DNS allows 253 bytes, RFC 3986 speaks of 255.
constexpr std::size_t host_bytes = 255;

bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5) return false;
    unsigned value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value <= 65535;
}

std::size_t host_length(std::string_view text) {
    if (!text.starts_with('[')) {
        return static_cast<std::size_t>(
            skip(ByteClass::Host, text.data(), text.data() + text.size()) - text.data());
    }
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return 0;
    return is_ipv6_address(text.substr(1, close - 1)) ? close + 1 : 0;
}

}  // namespace

bool is_ipv4_address(std::string_view text) {
    unsigned parts = 0;
    while (true) {
        std::size_t length = 0;
        unsigned value = 0;
        while (length < text.size() && length < 4 && is_digit(text[length])) {
            value = value * 10 + static_cast<unsigned>(text[length] - '0');
            ++length;
        }
        const bool padded = length > 1 && text[0] == '0';
        if (length == 0 || length > 3 || value > 255 || padded) return false;
        ++parts;
        if (length == text.size()) return parts == 4;
        if (text[length] != '.' || parts == 4) return false;
        text.remove_prefix(length + 1);
    }
}

bool is_ipv6_address(std::string_view text) {
    unsigned groups = 0;
    bool compressed = text.starts_with("::");
    if (compressed) text.remove_prefix(2);
    while (!text.empty()) {
        std::size_t length = 0;
        while (length < text.size() && hex_value(text[length]) >= 0) ++length;
        if (length < text.size() && text[length] == '.') {
            groups += 2;
            if (!is_ipv4_address(text)) return false;
            break;
        }
        if (length == 0 || length > 4 || ++groups > 8) return false;
        text.remove_prefix(length);
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (compressed) return false;
            compressed = true;
            text.remove_prefix(2);
        } else if (text.size() > 1 && text[0] == ':') {
            text.remove_prefix(1);
        } else {
            return false;
        }
    }
    return compressed ? groups <= 7 : groups == 8;
}

std::optional<Authority> parse_authority(std::string_view text) {
    const std::size_t length = host_length(text);
    if (length == 0 || length > host_bytes) return std::nullopt;
    const std::string_view host = text.substr(0, length);
    if (length == text.size()) return Authority{host, {}};
    const std::string_view port = text.substr(length + 1);
    if (text[length] != ':' || !is_port(port)) return std::nullopt;
    return Authority{host, port};
}

}  // namespace sluice::http
