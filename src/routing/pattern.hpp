#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::routing {

/// One piece between two slashes of a pattern.
struct Segment {
    enum class Kind : std::uint8_t { Static, Parameter, CatchAll };
    Kind kind = Kind::Static;
    /// The text of a static segment, which is empty after a trailing slash; else the parameter's
    /// name.
    std::string_view text;
};

/// A route's path, taken apart and checked.
///
/// Lifetime: views into the text that was parsed.
struct Pattern {
    std::vector<Segment> segments;
    std::vector<std::string_view> names;

    [[nodiscard]] bool is_static() const { return names.empty(); }
    /// By the least specific segment.
    [[nodiscard]] Segment::Kind kind() const;
    /// Equal for two patterns that match the same paths: names are left out, "/a/:" for "/a/:id".
    [[nodiscard]] std::string shape() const;
};

/// Reads "/orders/:id/files/*rest". Static text must be in the normal form of normalise_path,
/// because only that is ever matched.
///
/// Failure: a sentence that says what is wrong and what would be right.
[[nodiscard]] std::expected<Pattern, std::string> parse_pattern(std::string_view text);

}  // namespace sluice::routing
