#include "http2/response_fields.hpp"

#include <array>

#include "base/text.hpp"

namespace sluice::http2 {
namespace {

constexpr std::string_view line_end = "\r\n";

bool belongs_to_connection(std::string_view name) {
    constexpr std::array<std::string_view, 5> names = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
    for (const std::string_view one : names) {
        if (equal_ignoring_case(name, one)) return true;
    }
    return false;
}

/// nghttp2's fields are not const, and it does not change them.
std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); }

}  // namespace

ResponseFields::ResponseFields(std::uint16_t status, std::string_view head) : status_(std::to_string(status)) {
    add(":status", status_);
    const std::size_t first = head.find(line_end);
    if (first != std::string_view::npos) add_lines(head.substr(first + line_end.size()));
}

void ResponseFields::add_lines(std::string_view lines) {
    // Names point into it: it may not move.
    names_.reserve(lines.size());
    while (!lines.empty()) {
        const std::size_t end = lines.find(line_end);
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + line_end.size());
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string_view name = line.substr(0, colon);
        if (belongs_to_connection(name)) continue;
        const std::size_t begin = names_.size();
        for (const char letter : name) names_ += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
        while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
        add(std::string_view(names_).substr(begin), value);
    }
}

void ResponseFields::add(std::string_view name, std::string_view value) {
    fields_.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
}

}  // namespace sluice::http2
