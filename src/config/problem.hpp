#pragma once

#include <string>
#include <string_view>

#include "config/model.hpp"

namespace sluice::config {

/// What is wrong with one value, and what would be right.
struct Complaint {
    std::string message;
    std::string help;
    bool operator==(const Complaint&) const = default;
};

/// One fault of a configuration file, in the words of its author.
struct Problem {
    std::string file;
    Position position;
    /// JSON pointer (RFC 6901): "/routes/0/match/path"; "" is the whole file.
    std::string pointer;
    std::string message;
    /// What would be right; may be empty.
    std::string help;
};

/// "file:line:column: /routes/0/match: message; help", on one line whatever the file holds. A position that is no place
/// is left out.
[[nodiscard]] std::string format_problem(const Problem& problem);

/// The same with "warning: " after the position.
[[nodiscard]] std::string format_warning(const Problem& problem);

/// "file:line:column".
[[nodiscard]] std::string format_place(std::string_view file, Position position);

/// The pointer of a member below `parent`, with "~" and "/" escaped (RFC 6901, 3).
[[nodiscard]] std::string pointer_to(std::string_view parent, std::string_view key);
[[nodiscard]] std::string pointer_to(std::string_view parent, std::size_t index);

/// The text in single quotes, shortened when it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace sluice::config
