#include "routing/listing.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <variant>

#include "routing/host_map.hpp"
#include "routing/pattern.hpp"

namespace sluice::routing {
namespace {

/// The order in which the table prefers routes, as far as one list can show it.
struct Preference {
    /// 0 exact, 1 suffix, 2 any.
    int host_rank = 0;
    std::size_t host_brevity = 0;
    std::string host;
    /// Segment by segment, most specific first.
    std::string path;
    std::size_t fewer_conditions = 0;
    std::size_t index = 0;

    [[nodiscard]] auto key() const {
        return std::tie(host_rank, host_brevity, host, path, fewer_conditions, index);
    }
};

/// Sorts static text before parameters before catch-alls: a path has no bytes above '~'.
std::string sorting_path(std::string_view path) {
    const auto pattern = parse_pattern(path);
    if (!pattern) return std::string(path);
    std::string sorting;
    for (const Segment& segment : pattern->segments) {
        sorting.push_back('/');
        if (segment.kind == Segment::Kind::Static) sorting.append(segment.text);
        if (segment.kind == Segment::Kind::Parameter) sorting.append("\x7F");
        if (segment.kind == Segment::Kind::CatchAll) sorting.append("\x7F\x7F");
    }
    return sorting;
}

Preference preference_of(const config::Route& route, std::size_t index) {
    const std::string host = parse_host(route.match.host).value_or(route.match.host);
    const bool is_suffix = host.starts_with("*.");
    const int rank = host.empty() ? 2 : is_suffix ? 1 : 0;
    const std::size_t conditions = route.match.headers.size() + route.match.query.size();
    return {rank,
            is_suffix ? 256 - std::min<std::size_t>(host.size(), 256) : 0,
            host,
            sorting_path(route.match.path),
            1000 - std::min<std::size_t>(conditions, 1000),
            index};
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text.append(text.empty() ? "" : ", ").append(word);
    return text;
}

std::string conditions_of(const config::Match& match) {
    std::vector<std::string> parts;
    for (const config::Condition& header : match.headers) {
        parts.push_back(header.name + (header.value ? ": " + *header.value : std::string()));
    }
    for (const config::Condition& query : match.query) {
        parts.push_back("?" + query.name + (query.value ? "=" + *query.value : std::string()));
    }
    return join(parts);
}

std::string kind_of(std::string_view path) {
    const auto pattern = parse_pattern(path);
    if (!pattern) return "invalid";
    switch (pattern->kind()) {
        case Segment::Kind::Static:
            return "static";
        case Segment::Kind::Parameter:
            return "parameter";
        case Segment::Kind::CatchAll:
            break;
    }
    return "wildcard";
}

std::string action_of(const config::Route& route) {
    if (const auto* forward = std::get_if<config::Forward>(&route.action))
        return "forward " + forward->cluster;
    if (const auto* respond = std::get_if<config::Respond>(&route.action)) {
        return "respond " + std::to_string(respond->status);
    }
    const auto& redirect = std::get<config::Redirect>(route.action);
    return "redirect " + std::to_string(redirect.status) + " " + redirect.location;
}

ListingRow row_of(const config::Route& route) {
    return {.host = route.match.host.empty() ? "*" : route.match.host,
            .methods = route.match.methods.empty() ? "*" : join(route.match.methods),
            .pattern = route.match.path,
            .conditions = conditions_of(route.match),
            .kind = kind_of(route.match.path),
            .action = action_of(route),
            .name = route.name};
}

}  // namespace

std::vector<ListingRow> list_routes(std::span<const config::Route> routes) {
    std::vector<Preference> order;
    for (std::size_t i = 0; i < routes.size(); ++i) order.push_back(preference_of(routes[i], i));
    std::ranges::sort(order,
                      [](const Preference& a, const Preference& b) { return a.key() < b.key(); });
    std::vector<ListingRow> rows;
    for (const Preference& preference : order) rows.push_back(row_of(routes[preference.index]));
    return rows;
}

}  // namespace sluice::routing
