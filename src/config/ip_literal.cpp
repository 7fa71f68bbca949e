#include "config/ip_literal.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t group_count = 8;

std::optional<std::uint16_t> parse_group(std::string_view digits) {
    if (digits.empty() || digits.size() > 4) return std::nullopt;
    unsigned value = 0;
    for (const char c : digits) {
        const char digit = lower(c);
        if (digit >= '0' && digit <= '9') {
            value = value * 16 + static_cast<unsigned>(digit - '0');
        } else if (digit >= 'a' && digit <= 'f') {
            value = value * 16 + static_cast<unsigned>(digit - 'a') + 10;
        } else {
            return std::nullopt;
        }
    }
    return static_cast<std::uint16_t>(value);
}

/// Groups between colons on one side of "::".
struct Groups {
    std::array<std::uint16_t, group_count> values{};
    std::size_t count = 0;

    bool push(std::uint16_t value) {
        if (count == group_count) return false;
        values[count++] = value;
        return true;
    }

    bool push_ipv4(std::string_view text) {
        const auto bytes = parse_ipv4(text);
        if (!bytes) return false;
        const auto pair = [&](std::size_t i) {
            return static_cast<std::uint16_t>((*bytes)[i] << 8U | (*bytes)[i + 1]);
        };
        return push(pair(0)) && push(pair(2));
    }
};

/// `is_end`: the text ends the address, so that its last group may be an IPv4 address.
std::optional<Groups> parse_groups(std::string_view text, bool is_end) {
    Groups groups;
    if (text.empty()) return groups;
    for (;;) {
        const std::size_t colon = text.find(':');
        const std::string_view part = text.substr(0, colon);
        const bool is_last = colon == std::string_view::npos;
        if (is_last && is_end && part.contains('.')) {
            if (!groups.push_ipv4(part)) return std::nullopt;
            return groups;
        }
        const auto group = parse_group(part);
        if (!group || !groups.push(*group)) return std::nullopt;
        if (is_last) return groups;
        text.remove_prefix(colon + 1);
    }
}

struct Run {
    std::size_t begin = group_count;
    std::size_t length = 0;
};

/// The zeros that "::" stands for: the longest run, the first of equals, never a single group
/// (RFC 5952, 4.2).
Run longest_zero_run(const std::array<std::uint16_t, group_count>& groups) {
    Run best;
    for (std::size_t i = 0; i < group_count;) {
        std::size_t end = i;
        while (end < group_count && groups[end] == 0) ++end;
        if (end - i > best.length && end - i > 1) best = {i, end - i};
        i = std::max(end, i + 1);
    }
    return best;
}

void append_hex(std::string& out, std::uint16_t value) {
    constexpr std::string_view digits = "0123456789abcdef";
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        const std::size_t digit =
            (static_cast<unsigned>(value) >> static_cast<unsigned>(shift)) & 15U;
        started = started || digit != 0 || shift == 0;
        if (started) out.push_back(digits[digit]);
    }
}

}  // namespace

std::optional<Ipv4Bytes> parse_ipv4(std::string_view text) {
    Ipv4Bytes bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        const auto value = parse_decimal(part);
        const bool leads_with_zero = part.size() > 1 && part.front() == '0';
        if (!value || *value > 255 || leads_with_zero) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*value);
        const bool is_last = i + 1 == bytes.size();
        if ((dot == std::string_view::npos) != is_last) return std::nullopt;
        if (!is_last) text.remove_prefix(dot + 1);
    }
    return bytes;
}

std::optional<Ipv6Bytes> parse_ipv6(std::string_view text) {
    const std::size_t gap = text.find("::");
    const bool has_gap = gap != std::string_view::npos;
    const auto head = parse_groups(text.substr(0, gap), !has_gap);
    const auto tail = has_gap ? parse_groups(text.substr(gap + 2), true) : Groups{};
    if (!head || !tail) return std::nullopt;
    const std::size_t given = head->count + tail->count;
    // "::" stands for at least one group.
    if (has_gap ? given >= group_count : given != group_count) return std::nullopt;
    std::array<std::uint16_t, group_count> groups{};
    for (std::size_t i = 0; i < head->count; ++i) groups[i] = head->values[i];
    for (std::size_t i = 0; i < tail->count; ++i) {
        groups[group_count - tail->count + i] = tail->values[i];
    }
    Ipv6Bytes bytes{};
    for (std::size_t i = 0; i < group_count; ++i) {
        bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8U);
        bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xFFU);
    }
    return bytes;
}

std::string format_ipv4(const std::uint8_t* bytes) {
    std::string out;
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) out.push_back('.');
        out += std::to_string(bytes[i]);
    }
    return out;
}

std::string format_ipv6(const Ipv6Bytes& bytes) {
    if (is_mapped_ipv4(bytes.data())) return "::ffff:" + format_ipv4(bytes.data() + 12);
    std::array<std::uint16_t, group_count> groups{};
    for (std::size_t i = 0; i < group_count; ++i) {
        groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8U | bytes[2 * i + 1]);
    }
    const Run run = longest_zero_run(groups);
    std::string out;
    for (std::size_t i = 0; i < group_count; ++i) {
        if (i == run.begin) {
            out += "::";
            i += run.length - 1;
            continue;
        }
        if (!out.empty() && out.back() != ':') out.push_back(':');
        append_hex(out, groups[i]);
    }
    return out;
}

bool is_mapped_ipv4(const std::uint8_t* ipv6_bytes) {
    for (std::size_t i = 0; i < 10; ++i) {
        if (ipv6_bytes[i] != 0) return false;
    }
    return ipv6_bytes[10] == 0xFF && ipv6_bytes[11] == 0xFF;
}

}  // namespace sluice::config
