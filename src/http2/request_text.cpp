#include "http2/request_text.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "http/characters.hpp"
#include "http2/field_text.hpp"

namespace sluice::http2 {
namespace {

/// What most heads fit in, beside target and authority: memory is taken once.
constexpr std::size_t usual_head_bytes = 440;

void add_line(PooledString& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void RequestText::clear() {
    for (std::string* const text : {&method_, &protocol_, &authority_, &path_, &host_, &cookie_}) text->clear();
    head_.clear();
    count_ = 0;
    decoded_bytes_ = 0;
    has_begun_ = has_web_scheme_ = has_length_ = has_authority_ = has_host_ = has_two_hosts_ = is_spoiled_ = has_protocol_ = false;
}

void RequestText::add(std::string_view name, std::string_view value) {
    decoded_bytes_ += name.size() + value.size() + field_overhead;
    // Refused at its end: until then nothing more is kept.
    ++count_;
    if (is_too_large()) return;
    if (name.starts_with(':')) {
        add_pseudo(name, value);
        return;
    }
    is_spoiled_ = is_spoiled_ || !is_one_line(name) || !is_one_line(value);
    if (name == "host") {
        has_two_hosts_ = std::exchange(has_host_, true) || has_two_hosts_;
        host_ = value;
    } else if (name == "cookie") {
        // Crumbs are one field again (RFC 9113, 8.2.3).
        if (!cookie_.empty()) cookie_ += "; ";
        cookie_ += value;
    } else if (!(has_protocol_ && name == "sec-websocket-key")) {
        has_length_ = has_length_ || name == "content-length";
        begin_head();
        add_line(head_, name, value);
    }
}

/// nghttp2 lets each come once, and before the fields. `check` looks at what they hold.
void RequestText::add_pseudo(std::string_view name, std::string_view value) {
    if (name == ":method") {
        method_ = value;
    } else if (name == ":protocol") {
        protocol_ = value;
        has_protocol_ = true;
    } else if (name == ":scheme") {
        has_web_scheme_ = value == "http" || value == "https";
    } else if (name == ":authority") {
        authority_ = value;
        has_authority_ = true;
    } else if (name == ":path") {
        path_ = value;
    }
}

/// With the first field all of a request's line is known; trailers have none.
void RequestText::begin_head() {
    if (std::exchange(has_begun_, true) || method_.empty()) return;
    const bool is_plain_connect = !has_protocol_ && std::string_view(method_) == "CONNECT";
    const std::string& target = is_plain_connect ? authority_ : path_;
    head_.reserve(usual_head_bytes + target.size() + authority_.size());
    head_.append(has_protocol_ ? "GET" : std::string_view(method_)).append(" ").append(target).append(" HTTP/1.1\r\n");
    if (has_authority_) add_line(head_, "host", authority_);
}

bool RequestText::is_too_large() const {
    return decoded_bytes_ > std::size_t{limits_.field_bytes} + limits_.target_bytes || count_ > limits_.fields + 4;
}

Result<void> RequestText::check() const {
    if (is_too_large()) {
        return fail(client_error(ErrorCode::HeadersTooLarge, "the request's fields are more than limits.headers or limits.header_bytes allow"));
    }
    if (path_.size() > limits_.target_bytes) {
        return fail(client_error(ErrorCode::TargetTooLong, "the path is longer than limits.request_line_bytes allows"));
    }
    if (is_spoiled_ || method_.empty() || !is_one_word(method_) || !is_one_word(path_) || !is_one_word(authority_)) {
        return fail(client_error(ErrorCode::BadFraming, "a field holds a byte that it may not hold"));
    }
    // Who looked at the one and who at the other would not agree whom the request is for.
    if (has_two_hosts_ || (has_authority_ && has_host_ && !equal_ignoring_case(host_, authority_))) {
        return fail(client_error(ErrorCode::BadFraming, ":authority and Host differ"));
    }
    if (has_protocol_) return check_protocol();
    if (!has_web_scheme_ && std::string_view(method_) != "CONNECT") {
        return fail(client_error(ErrorCode::BadFraming, "the scheme is neither http nor https"));
    }
    return {};
}

/// Of an extended CONNECT, which nghttp2 has found to have all that it must have.
Result<void> RequestText::check_protocol() const {
    if (method_ != "CONNECT") return fail(client_error(ErrorCode::BadFraming, ":protocol is for CONNECT alone"));
    if (!http::is_token(protocol_)) return fail(client_error(ErrorCode::BadFraming, ":protocol is no name of a protocol"));
    if (!has_web_scheme_) return fail(client_error(ErrorCode::BadFraming, "the scheme is neither http nor https"));
    if (!path_.starts_with('/')) return fail(client_error(ErrorCode::BadPath, "the path of an extended CONNECT begins with no /"));
    if (has_length_) return fail(client_error(ErrorCode::BadFraming, "a tunnel has no Content-Length"));
    return {};
}

Result<PooledString> RequestText::finish(bool has_body) {
    if (Result<void> checked = check(); !checked) return fail(std::move(checked.error()));
    begin_head();
    if (!has_authority_) add_line(head_, "host", host_);
    if (!cookie_.empty()) add_line(head_, "cookie", cookie_);
    if (has_protocol_) head_.append("upgrade: ").append(protocol_).append("\r\nconnection: upgrade\r\n");
    if (has_body && !has_length_ && !has_protocol_) head_.append("transfer-encoding: chunked\r\n");
    head_.append("\r\n");
    return std::move(head_);
}

Result<std::string> RequestText::finish_trailers() {
    if (is_too_large()) {
        return fail(client_error(ErrorCode::HeadersTooLarge, "the trailers are more than limits.headers or limits.header_bytes allow"));
    }
    if (is_spoiled_) return fail(client_error(ErrorCode::BadFraming, "a field holds a byte that it may not hold"));
    // Kept elsewhere, and not to be lost without a word.
    if (has_host_ || !cookie_.empty()) return fail(client_error(ErrorCode::BadFraming, "a field that no trailer section may contain"));
    return std::string(head_);
}

}  // namespace sluice::http2
