#pragma once

#include <string_view>

#include "config/json_cursor.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// What the JSON reader knew when it met something that is not JSON.
struct SyntaxFault {
    std::string_view text;
    /// Bytes that the reader had consumed.
    std::size_t consumed = 0;
    /// The reader's own words.
    std::string_view reason;
    /// The token of the last value, key or bracket that was understood.
    Token last;
    /// Stands behind `last`.
    JsonCursor cursor;
    /// '{' or '[' of the innermost open container, 0 outside.
    char container = '\0';
    /// Whether `last` is a key.
    bool after_key = false;
};

/// Says in plain words where the file stops being JSON and what was expected there.
[[nodiscard]] Problem explain(SyntaxFault fault);

}  // namespace sluice::config
