#include "config/field_rules.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 8> connection_fields{
    "Connection", "Content-Length", "Keep-Alive",        "Proxy-Connection",
    "TE",         "Trailer",        "Transfer-Encoding", "Upgrade"};

bool is_alphanumeric(char c) {
    const char l = lower(c);
    return (l >= '0' && l <= '9') || (l >= 'a' && l <= 'z');
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

bool is_label(std::string_view label) {
    const auto is_part = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, is_part);
}

}  // namespace

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return is_alphanumeric(c) || marks.contains(c);
    });
}

bool is_field_value(std::string_view text) {
    if (!text.empty() && (is_blank(text.front()) || is_blank(text.back()))) return false;
    return std::ranges::none_of(text, [](char c) { return is_control(c) && c != '\t'; });
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, is_control);
}

bool is_connection_field(std::string_view name) {
    return std::ranges::any_of(connection_fields, [&](std::string_view field) {
        return equal_ignoring_case(field, name);
    });
}

bool is_gateway_field(std::string_view name) {
    return is_connection_field(name) || equal_ignoring_case(name, "Host");
}

bool is_host_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > 253) return false;
    std::string_view label;
    for (;;) {
        const std::size_t dot = text.find('.');
        label = text.substr(0, dot);
        if (!is_label(label)) return false;
        if (dot == std::string_view::npos) break;
        text.remove_prefix(dot + 1);
    }
    return !parse_decimal(label).has_value();
}

}  // namespace sluice::config
