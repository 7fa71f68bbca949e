#include "config/json_cursor.hpp"

#include <algorithm>

namespace sluice::config {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_white_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_punctuation(char c) { return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':'; }

/// The length of a string with its quotes. One that is not closed ends with its line.
std::size_t string_length(std::string_view text) {
    std::size_t i = 1;
    while (i < text.size() && text[i] != '"' && text[i] != '\n') {
        const bool is_escape = text[i] == '\\' && i + 1 < text.size() && text[i + 1] != '\n';
        i += is_escape ? 2U : 1U;
    }
    return i < text.size() && text[i] == '"' ? i + 1 : i;
}

void step(Position& position, char c) {
    if (c == '\n') {
        ++position.line;
        position.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
        // Columns count characters, as editors do: the later bytes of one in UTF-8 are left out.
        ++position.column;
    }
}

}  // namespace

JsonCursor::JsonCursor(std::string_view text, std::uint32_t file) : text_(text), position_{1, 1, file} {
    if (text_.starts_with(byte_order_mark)) offset_ = byte_order_mark.size();
}

Token JsonCursor::next() {
    skip_blanks();
    const std::size_t length = token_length();
    const Token token{text_.substr(offset_, length), offset_, offset_ + length, position_};
    advance(length);
    return token;
}

Position JsonCursor::position_of(std::string_view text, std::size_t offset) {
    Position position{1, 1};
    const std::size_t begin = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    for (std::size_t i = begin; i < std::min(offset, text.size()); ++i) step(position, text[i]);
    return position;
}

void JsonCursor::skip_blanks() {
    while (offset_ < text_.size()) {
        if (is_white_space(text_[offset_])) {
            step(position_, text_[offset_++]);
        } else if (text_[offset_] == '/' && (at("//") || at("/*"))) {
            skip_comment();
        } else {
            return;
        }
    }
}

void JsonCursor::skip_comment() {
    last_comment_ = position_;
    // A carriage return ends a line comment for nlohmann's lexer too.
    const bool is_block = at("/*");
    const std::size_t end =
        is_block ? text_.find("*/", offset_ + 2) : text_.find_first_of("\r\n", offset_);
    if (end == std::string_view::npos) {
        advance(text_.size() - offset_);
    } else {
        advance(end - offset_ + (is_block ? 2 : 0));
    }
}

void JsonCursor::advance(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) step(position_, text_[offset_ + i]);
    offset_ += count;
}

std::size_t JsonCursor::token_length() const {
    const std::string_view rest = text_.substr(offset_);
    if (rest.empty()) return 0;
    if (rest.front() == '"') return string_length(rest);
    if (is_punctuation(rest.front()) || rest.front() == '/') return 1;
    const auto ends = [](char c) { return is_white_space(c) || is_punctuation(c) || c == '"' || c == '/'; };
    return static_cast<std::size_t>(std::ranges::find_if(rest, ends) - rest.begin());
}

}  // namespace sluice::config
