#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

[[nodiscard]] constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Compares as HTTP compares field names and host names: ASCII letters without case.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

[[nodiscard]] std::string to_lower(std::string_view text);

/// Without spaces and tabs at both ends (OWS of RFC 9110, 5.6.3).
[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// What stands before the first line break, trimmed.
[[nodiscard]] constexpr std::string_view first_line(std::string_view text) { return trim(text.substr(0, text.find_first_of("\r\n"))); }

/// The value of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Takes the next element of a comma-separated list off the front, trimmed; empty elements are skipped
/// (RFC 9110, 5.6.1). Nothing is left when it yields nullopt.
[[nodiscard]] std::optional<std::string_view> next_list_element(std::string_view& list);

/// Digits only, no sign, no space, no overflow; nullopt otherwise.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view digits);

/// The text as a JSON string with its quotes: every control byte, quote and byte that is not valid
/// UTF-8 is escaped, so that a log line stays one line whatever a client sends.
void append_json_string(std::string& out, std::string_view text);

/// The text for a terminal: control bytes and bytes outside ASCII as \xNN, so that a client can
/// neither colour nor break the operator's screen.
void append_printable(std::string& out, std::string_view text);

/// Whether every byte belongs to a valid UTF-8 sequence.
[[nodiscard]] bool is_utf8(std::string_view text);

/// Edits (insert, delete, replace) between two words; for "did you mean" suggestions.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sluice
