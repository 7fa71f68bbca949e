#include <utility>

#include "http/characters.hpp"
#include "http/head_parser.hpp"
#include "http/refusal.hpp"

namespace sluice::http {
namespace {

constexpr Refusal start_line_too_long{ErrorCode::TargetTooLong, "the start line is over its limit"};
constexpr Refusal control_in_head{ErrorCode::BadFraming, "a control byte in the head"};
constexpr Refusal empty_lines{ErrorCode::BadFraming, "empty lines before the start line"};

}  // namespace

Result<std::optional<std::size_t>> HeadScanner::scan(std::string_view bytes) {
    const char* const begin = bytes.data();
    const char* const end = begin + bytes.size();
    while (true) {
        const char* const at = find_control(begin + scanned_, end);
        scanned_ = static_cast<std::size_t>(at - begin);
        // Before anything is said about the byte found, so that the answer is the same however the
        // bytes arrive.
        if (const Verdict flaw = check_length()) return fail(refuse(side_, *flaw));
        if (at == end) return std::nullopt;
        if (*at == '\t') {
            ++scanned_;
            continue;
        }
        if (*at != '\r') return fail(refuse(side_, *at == '\n' ? bare_lf : control_in_head));
        if (end - at < 2) return std::nullopt;
        if (at[1] != '\n') return fail(refuse(side_, bare_cr));
        const bool is_closing = !in_start_line_ && scanned_ == line_begin_;
        if (const Verdict flaw = end_line()) return fail(refuse(side_, *flaw));
        if (is_closing) return scanned_;
    }
}

Result<std::optional<std::size_t>> HeadScanner::find_end(std::string_view bytes) {
    if (scanned_ == 0) {
        const char* const end = find_empty_line(bytes.data(), bytes.data() + bytes.size());
        if (end != nullptr) return static_cast<std::size_t>(end - bytes.data());
    }
    return scan(bytes);
}

Error HeadScanner::flaw_of(std::string_view head, Error parsed) const {
    Result<std::optional<std::size_t>> scanned = HeadScanner(limits_, side_).scan(head);
    return scanned ? std::move(parsed) : std::move(scanned.error());
}

Verdict HeadScanner::check_length() const {
    if (in_start_line_) {
        return scanned_ - line_begin_ > limits_.start_line_bytes ? &start_line_too_long : nullptr;
    }
    const bool in_line = scanned_ != line_begin_;
    const std::size_t least = scanned_ + 2 - fields_begin_;
    return in_line && least > limits_.field_bytes ? &fields_too_long : nullptr;
}

Verdict HeadScanner::end_line() {
    const bool is_empty = scanned_ == line_begin_;
    scanned_ += 2;
    line_begin_ = scanned_;
    if (!in_start_line_) {
        if (!is_empty && ++fields_ > limits_.fields) return &too_many_fields;
        return nullptr;
    }
    if (is_empty) {
        // RFC 9112, 2.2: some clients send a CRLF too much after a body. One is forgiven, no more.
        if (skipped_empty_line_ || side_ == Side::Upstream) return &empty_lines;
        skipped_empty_line_ = true;
        return nullptr;
    }
    in_start_line_ = false;
    fields_begin_ = scanned_;
    return nullptr;
}

void HeadScanner::clear() {
    *this = HeadScanner(limits_, side_);
}

}  // namespace sluice::http
