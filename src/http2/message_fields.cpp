#include "http2/message_fields.hpp"

#include <algorithm>
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

/// Fields with another value in each message, in lower case: in HPACK's table they would push out what comes again, and each search of it
/// for one of them would go by all of those before (RFC 7541, 6.2.3).
bool is_new_each_time(std::string_view name) {
    constexpr std::array<std::string_view, 10> names = {"x-request-id",    "x-correlation-id", "x-trace-id",    "traceparent",     "tracestate",
                                                        "x-amzn-trace-id", "x-forwarded-for",  "forwarded",     "server-timing",   "x-runtime"};
    for (const std::string_view one : names) {
        if (name == one) return true;
    }
    return false;
}

/// nghttp2's fields are not const, and it does not change them.
std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); }

/// What stands behind the first line.
std::string_view field_lines(std::string_view head) {
    const std::size_t first = head.find(line_end);
    return first == std::string_view::npos ? std::string_view() : head.substr(first + line_end.size());
}

}  // namespace

void MessageFields::clear() {
    names_.clear();
    fields_.clear();
    host_ = {};
    hosts_ = 0;
}

void MessageFields::set_response(std::uint16_t status, std::string_view head) {
    clear();
    status_ = std::to_string(status);
    add(":status", status_);
    add_lines(field_lines(head), Kind::Response);
}

bool MessageFields::set_request(std::string_view head, std::string_view scheme, std::string_view protocol) {
    clear();
    const std::string_view line = head.substr(0, head.find(line_end));
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (line.size() == head.size() || first == std::string_view::npos || first == 0 || last == first) return false;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (method == "CONNECT" || (!target.starts_with('/') && target != "*")) return false;
    add(":method", protocol.empty() ? method : "CONNECT");
    if (!protocol.empty()) add(":protocol", protocol);
    add(":scheme", scheme);
    add(":path", target);
    // Its value is found among the fields, in front of which it has to stand.
    const std::size_t authority = fields_.size();
    add(":authority", {});
    add_lines(field_lines(head), protocol.empty() ? Kind::Request : Kind::Connect);
    if (host_.empty()) {
        fields_.erase(fields_.begin() + static_cast<std::ptrdiff_t>(authority));
    } else {
        fields_[authority].value = bytes_of(host_);
        fields_[authority].valuelen = host_.size();
    }
    return hosts_ <= 1;
}

void MessageFields::set_trailers(std::string_view lines) {
    clear();
    add_lines(lines, Kind::Response);
}

void MessageFields::add_lines(std::string_view lines, Kind kind) {
    const bool is_request = kind != Kind::Response;
    // Names point into it: it may not move.
    names_.reserve(lines.size());
    while (!lines.empty()) {
        const std::size_t end = lines.find(line_end);
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + line_end.size());
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = trim(line.substr(colon + 1));
        if (belongs_to_connection(name)) continue;
        if (is_request && equal_ignoring_case(name, "host")) {
            host_ = value;
            ++hosts_;
            continue;
        }
        if (kind == Kind::Connect && equal_ignoring_case(name, "sec-websocket-key")) continue;
        if (is_request && equal_ignoring_case(name, "te") && !equal_ignoring_case(value, "trailers")) continue;
        const std::size_t begin = names_.size();
        names_.resize(begin + name.size());
        std::ranges::transform(name, names_.begin() + static_cast<std::ptrdiff_t>(begin), lower);
        add(std::string_view(names_).substr(begin), value);
    }
}

void MessageFields::add(std::string_view name, std::string_view value) {
    const auto flags = static_cast<std::uint8_t>(is_new_each_time(name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE);
    fields_.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), flags});
}

}  // namespace sluice::http2
