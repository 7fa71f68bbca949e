#include "filters/forwarded_element.hpp"

#include <algorithm>
#include <cstddef>

#include "filters/forwarded.hpp"

namespace sluice::filters {
namespace {

/// RFC 9110, 5.6.2.
bool is_token_character(char c) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alphanumeric || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool needs_quotes(std::string_view text) {
    return !std::all_of(text.begin(), text.end(), is_token_character);
}

/// As quoted-string; a quote or backslash is escaped (RFC 9110, 5.6.4).
std::string_view in_quotes(std::string_view text, Arena& arena) {
    char* const begin = arena.allocate(text.size() * 2 + 2);
    char* out = begin;
    *out++ = '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') *out++ = '\\';
        *out++ = c;
    }
    *out++ = '"';
    return {begin, static_cast<std::size_t>(out - begin)};
}

std::string_view node(const Peer& peer, Arena& arena) {
    if (!peer.has_address) return "unknown";
    if (!peer.text.contains(':')) return peer.text;
    // A zone means nothing to anybody else and is no part of the syntax.
    return arena.concat({"\"[", peer.text.substr(0, peer.text.find('%')), "]\""});
}

}  // namespace

std::string_view forwarded_element(std::string_view earlier, const ForwardedFacts& facts,
                                   Arena& arena) {
    const std::string_view separator = earlier.empty() ? "" : ", ";
    const std::string_view client = node(facts.peer, arena);
    if (facts.authority.empty()) {
        return arena.concat({earlier, separator, "for=", client, ";proto=", facts.scheme});
    }
    const std::string_view host =
        needs_quotes(facts.authority) ? in_quotes(facts.authority, arena) : facts.authority;
    return arena.concat(
        {earlier, separator, "for=", client, ";host=", host, ";proto=", facts.scheme});
}

}  // namespace sluice::filters
