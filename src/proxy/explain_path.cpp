#include <string>

#include "proxy/explain_parts.hpp"
#include "routing/path.hpp"

namespace sluice::proxy {
namespace {

constexpr std::size_t most_steps = 10;

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

/// Tried out behind a segment of its own: "/a/" is left of a dot, "/" of two.
std::string segment_step(std::string_view segment, bool is_last) {
    if (segment.empty()) return is_last ? "" : "an empty segment is dropped: // becomes /";
    std::string scratch;
    const std::string probe = "/a/" + std::string(segment);
    const Result<std::string_view> normal = routing::normalise_path(probe, scratch);
    if (!normal || *normal == probe) return {};
    if (*normal == "/a/") return in_quotes(segment) + " is dropped: it means this place";
    if (*normal == "/") return in_quotes(segment) + " takes the segment before it away";
    return in_quotes(segment) + " becomes " + in_quotes(normal->substr(3)) + ": one way of percent-encoding";
}

}  // namespace

std::vector<std::string> path_steps(std::string_view sent) {
    std::vector<std::string> steps;
    std::string scratch;
    const Result<std::string_view> normal = routing::normalise_path(sent, scratch);
    if (!normal || *normal == sent || sent.empty()) return steps;
    std::string_view rest = sent.substr(1);
    for (bool is_last = false; !is_last;) {
        const std::size_t slash = rest.find('/');
        is_last = slash == std::string_view::npos;
        std::string step = segment_step(rest.substr(0, slash), is_last);
        rest.remove_prefix(is_last ? rest.size() : slash + 1);
        if (step.empty()) continue;
        if (steps.size() == most_steps) {
            steps.push_back("and more of the kind");
            break;
        }
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace sluice::proxy
