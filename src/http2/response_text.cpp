#include "http2/response_text.hpp"

#include <utility>

#include "http2/field_text.hpp"

namespace sluice::http2 {
namespace {

/// Three digits, 100 to 599, and not 101.
bool is_status(std::string_view text) {
    if (text.size() != 3 || text == "101") return false;
    return text[0] >= '1' && text[0] <= '5' && text[1] >= '0' && text[1] <= '9' && text[2] >= '0' && text[2] <= '9';
}

Failure bad(const char* why) { return fail(upstream_error(ErrorCode::BadResponse, why)); }

}  // namespace

void ResponseText::clear() {
    status_.clear();
    fields_.clear();
    count_ = 0;
    decoded_bytes_ = 0;
    has_status_ = is_spoiled_ = false;
}

void ResponseText::add(std::string_view name, std::string_view value) {
    decoded_bytes_ += name.size() + value.size() + field_overhead;
    const bool is_pseudo = name.starts_with(':');
    if (!is_pseudo) ++count_;
    // Refused at its end: until then nothing more is kept.
    if (count_ > limits_.fields || decoded_bytes_ > limits_.field_bytes) return;
    if (is_pseudo) {
        // It is the only one, comes once, and before the fields.
        is_spoiled_ = is_spoiled_ || name != ":status" || std::exchange(has_status_, true) || count_ != 0;
        status_ = value;
        return;
    }
    is_spoiled_ = is_spoiled_ || name.empty() || !is_one_line(name) || !is_one_line(value);
    fields_.append(name).append(": ").append(value).append("\r\n");
}

Result<void> ResponseText::check() const {
    if (count_ > limits_.fields || decoded_bytes_ > limits_.field_bytes) return bad("the upstream's fields are more than limits.headers or limits.header_bytes allow");
    if (is_spoiled_) return bad("HTTP/2: a field of the upstream's that may not be, or holds a byte that it may not hold");
    return {};
}

Result<std::string> ResponseText::finish() const {
    if (Result<void> checked = check(); !checked) return fail(std::move(checked.error()));
    if (!is_status(status_)) return bad("HTTP/2: the upstream's :status is not a number from 100 to 599, or is 101");
    constexpr std::string_view version = "HTTP/1.1 ";
    std::string head;
    head.reserve(version.size() + status_.size() + fields_.size() + 5);
    head.append(version).append(status_).append(" \r\n").append(fields_).append("\r\n");
    return head;
}

Result<std::string> ResponseText::finish_trailers() const {
    if (Result<void> checked = check(); !checked) return fail(std::move(checked.error()));
    if (has_status_) return bad("HTTP/2: the upstream's trailers have a :status");
    return fields_;
}

}  // namespace sluice::http2
