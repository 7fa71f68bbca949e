#include "routing/pattern.hpp"

#include <algorithm>
#include <utility>

#include "routing/params.hpp"
#include "routing/path.hpp"

namespace sluice::routing {
namespace {

std::string in_quotes(std::string_view text) {
    return "'" + std::string(text) + "'";
}

bool is_name(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_part);
}

/// "" when the text is in normal form.
std::string fault_of_text(std::string_view text) {
    if (text.find_first_of("{}") != std::string_view::npos) {
        return "the path " + in_quotes(text) +
               " has braces; a parameter is written ':name', a catch-all '*name'";
    }
    std::string scratch;
    const auto normal = normalise_path(text, scratch);
    if (!normal) return in_quotes(text) + " can't be a pattern: " + normal.error().context();
    if (*normal == text) return {};
    return "the path " + in_quotes(text) + " is not in normal form and would never match; write " +
           in_quotes(*normal);
}

std::string fault_of_segment(const Segment& segment, bool is_last, const Pattern& before) {
    if (segment.kind == Segment::Kind::Static) {
        if (segment.text.find('*') == std::string_view::npos) return {};
        return "'*' in " + in_quotes(segment.text) +
               " must begin the last segment, as in '/files/*rest'; write %2A for the character";
    }
    if (!is_name(segment.text)) {
        return "parameter name " + in_quotes(segment.text) +
               " must be letters, digits and '_', and not begin with a digit";
    }
    if (std::ranges::find(before.names, segment.text) != before.names.end()) {
        return "parameter " + in_quotes(segment.text) + " stands twice in the path";
    }
    if (segment.kind == Segment::Kind::CatchAll && !is_last) {
        return "catch-all '*" + std::string(segment.text) + "' must be the last segment";
    }
    if (before.names.size() == max_params) {
        return "the path has more than " + std::to_string(max_params) + " parameters";
    }
    return {};
}

Segment read_segment(std::string_view text) {
    if (text.starts_with(':')) return {Segment::Kind::Parameter, text.substr(1)};
    if (text.starts_with('*')) return {Segment::Kind::CatchAll, text.substr(1)};
    return {Segment::Kind::Static, text};
}

}  // namespace

Segment::Kind Pattern::kind() const {
    if (names.empty()) return Segment::Kind::Static;
    return segments.back().kind == Segment::Kind::CatchAll ? Segment::Kind::CatchAll
                                                           : Segment::Kind::Parameter;
}

std::string Pattern::shape() const {
    std::string shape;
    for (const Segment& segment : segments) {
        shape.push_back('/');
        if (segment.kind == Segment::Kind::Static) shape.append(segment.text);
        if (segment.kind == Segment::Kind::Parameter) shape.push_back(':');
        if (segment.kind == Segment::Kind::CatchAll) shape.push_back('*');
    }
    return shape;
}

std::expected<Pattern, std::string> parse_pattern(std::string_view text) {
    if (std::string fault = fault_of_text(text); !fault.empty())
        return std::unexpected(std::move(fault));
    Pattern pattern;
    std::size_t position = 1;
    while (position <= text.size()) {
        const std::size_t end = std::min(text.find('/', position), text.size());
        const Segment segment = read_segment(text.substr(position, end - position));
        std::string fault = fault_of_segment(segment, end == text.size(), pattern);
        if (!fault.empty()) return std::unexpected(std::move(fault));
        pattern.segments.push_back(segment);
        if (segment.kind != Segment::Kind::Static) pattern.names.push_back(segment.text);
        position = end + 1;
    }
    return pattern;
}

}  // namespace sluice::routing
