#include "base/text.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sluice {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

/// Length of the valid UTF-8 sequence that begins at text[0]; 0 when it is not valid.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!follows(1) || !follows(2)) return 0;
        if (first == 0xE0 && byte(1) < 0xA0) return 0;
        if (first == 0xED && byte(1) > 0x9F) return 0;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        if (first == 0xF0 && byte(1) < 0x90) return 0;
        if (first == 0xF4 && byte(1) > 0x8F) return 0;
        return 4;
    }
    return 0;
}

void append_hex(std::string& out, std::string_view prefix, char c) {
    const auto byte = static_cast<unsigned char>(c);
    out.append(prefix);
    out.push_back(hex_digits[byte >> 4]);
    out.push_back(hex_digits[byte & 15]);
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::optional<std::string_view> next_list_element(std::string_view& list) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view element = trim(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        if (!element.empty()) return element;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_decimal(std::string_view digits) {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
    const auto [stop, code] = std::from_chars(digits.data(), end, value, 10);
    if (code != std::errc{} || stop != end) return std::nullopt;
    return value;
}

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        const auto special = std::ranges::find_if(text, [](char c) { return c < 0x20 || c >= 0x7F || c == '"' || c == '\\'; });
        const auto plain = static_cast<std::size_t>(special - text.begin());
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char c = text.front();
        std::size_t taken = 1;
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            append_hex(out, "\\u00", c);
        } else if (const std::size_t length = utf8_length(text); length == 0) {
            append_hex(out, "\\u00", c);
        } else {
            out.append(text.substr(0, length));
            taken = length;
        }
        text.remove_prefix(taken);
    }
    out.push_back('"');
}

void append_printable(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c >= 0x20 && c < 0x7F && c != '\\') {
            out.push_back(c);
        } else {
            append_hex(out, "\\x", c);
        }
    }
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

}  // namespace sluice
