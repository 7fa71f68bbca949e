#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/model.hpp"

namespace sluice::config {

/// One token of a JSON text: punctuation, a string with its quotes, or a run of other characters.
/// Empty at the end of the text.
struct Token {
    std::string_view text;
    std::size_t begin = 0;
    std::size_t end = 0;
    Position position;

    [[nodiscard]] char first() const { return text.empty() ? '\0' : text.front(); }
};

/// Walks over the tokens of a JSON text with comments, without judging it: the JSON reader knows
/// what a token means but not where it stands, and this is the other half.
///
/// Lifetime: views into the text.
class JsonCursor {
public:
    /// `file` goes into every position.
    explicit JsonCursor(std::string_view text, std::uint32_t file = 0);

    Token next();

    /// Where the comment begins that was skipped last.
    [[nodiscard]] Position last_comment() const { return last_comment_; }

    /// The line and column of any byte; walks from the beginning.
    [[nodiscard]] static Position position_of(std::string_view text, std::size_t offset);

private:
    void skip_blanks();
    void skip_comment();
    void advance(std::size_t count);
    [[nodiscard]] std::size_t token_length() const;
    [[nodiscard]] bool at(std::string_view prefix) const {
        return text_.substr(offset_).starts_with(prefix);
    }

    std::string_view text_;
    std::size_t offset_ = 0;
    Position position_{1, 1};
    Position last_comment_;
};

}  // namespace sluice::config
