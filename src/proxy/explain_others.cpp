#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/route_words.hpp"
#include "proxy/explain_parts.hpp"
#include "routing/condition.hpp"
#include "routing/pattern.hpp"

// The routes that a request came near.
namespace sluice::proxy {
namespace {

constexpr std::size_t most_others = 5;
/// Routes that are compared by their paths, and those that are judged by tables of their own.
constexpr std::size_t most_compared = 100'000;
constexpr std::size_t most_judged = 64;

/// In the order of nearness.
constexpr std::array<std::string_view, 5> reasons{"condition", "method", "host", "less_specific", "path"};

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    path.remove_prefix(std::min<std::size_t>(path.size(), 1));
    for (;;) {
        const std::size_t slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

bool fits(const routing::Segment& wanted, std::string_view segment) {
    if (wanted.kind == routing::Segment::Kind::Parameter) return !segment.empty();
    return wanted.text == segment;
}

/// Where a pattern and a path part: how many segments differ or are missing, and the first of them.
struct Distance {
    std::size_t count = 0;
    std::size_t first = 0;
};

Distance distance_of(const routing::Pattern& pattern, const std::vector<std::string_view>& path) {
    using Kind = routing::Segment::Kind;
    Distance distance;
    std::size_t at = 0;
    const auto differ = [&](std::size_t count) {
        if (distance.count == 0) distance.first = at;
        distance.count += count;
    };
    for (; at < pattern.segments.size(); ++at) {
        if (pattern.segments[at].kind == Kind::CatchAll) {
            if (at >= path.size()) differ(1);
            return distance;
        }
        if (at >= path.size() || !fits(pattern.segments[at], path[at])) differ(1);
    }
    if (path.size() > pattern.segments.size()) differ(path.size() - pattern.segments.size());
    return distance;
}

std::string segment_text(const routing::Segment& segment) {
    using Kind = routing::Segment::Kind;
    const char* const mark = segment.kind == Kind::Parameter ? ":" : segment.kind == Kind::CatchAll ? "*" : "";
    return mark + std::string(segment.text);
}

/// Why a pattern does not match a path that comes near it.
std::string path_words(const std::string& pattern_text, std::string_view path) {
    const auto pattern = routing::parse_pattern(pattern_text);
    if (!pattern) return "its path is another";
    if (pattern_text == std::string(path) + "/" || pattern_text + "/" == path) return "its path differs in the slash at the end";
    if (equal_ignoring_case(pattern_text, path)) return "its path differs in the case of letters";
    const std::vector<std::string_view> segments = segments_of(path);
    const std::size_t at = distance_of(*pattern, segments).first;
    if (at >= pattern->segments.size()) return "its path ends before /" + std::string(segments[at]);
    const std::string wanted = "/" + segment_text(pattern->segments[at]);
    if (at >= segments.size()) return "its path goes on with " + wanted;
    return "its path has " + wanted + " in the place of /" + std::string(segments[at]);
}

std::optional<std::string_view> value_in(const routing::Condition& condition, const routing::RequestKey& key) {
    if (condition.kind != routing::Condition::Kind::Header) return routing::find_query_value(key.query, condition.name);
    const http::Field* const field = http::find_field(*key.fields, condition.name);
    return field == nullptr ? std::nullopt : std::optional(field->value);
}

std::string failed_words(const routing::Condition& condition, const routing::RequestKey& key) {
    const auto value = value_in(condition, key);
    std::string words = condition_noun(condition);
    words += value ? " is " + shown_value(condition.name, *value) : " is missing";
    if (condition.has_value) words += ", must be " + shown_value(condition.name, condition.value);
    return words;
}

/// Asks a table of one route.
routing::Outcome ask(const config::Route& route, const routing::RequestKey& key) {
    const auto table = routing::RouteTable::build({&route, 1});
    routing::Match ignored;
    return table ? table->match(key, ignored) : routing::Outcome::NotFound;
}

std::size_t condition_count(const config::Match& match) { return match.headers.size() + match.query.size(); }

/// Both fit; why the chosen one is preferred.
std::string preference_words(const config::Match& other, const config::Match& chosen) {
    if (!equal_ignoring_case(other.host, chosen.host)) {
        return "it fits too, but its host is less specific: " + (other.host.empty() ? "any" : other.host);
    }
    const auto one = routing::parse_pattern(other.path);
    const auto winner = routing::parse_pattern(chosen.path);
    if (one && winner && one->shape() != winner->shape()) return "it fits too, but its path is less specific";
    if (condition_count(other) < condition_count(chosen)) return "it fits too, but has fewer conditions";
    if (condition_count(other) == condition_count(chosen) && other.methods.empty() && !chosen.methods.empty()) {
        return "it fits too, but is for any method";
    }
    return "it fits too, but its conditions are less specific";
}

class Judge {
public:
    Judge(const routing::RequestKey& key, const config::Route* chosen) : key_(key), chosen_(chosen) {}

    [[nodiscard]] OtherRoute judge(const config::Route& route, const std::string& label) const {
        config::Route plain;
        plain.match.host = route.match.host;
        plain.match.path = route.match.path;
        plain.match.methods = route.match.methods;
        routing::Outcome outcome = ask(plain, key_);
        std::string words;
        if (outcome == routing::Outcome::NotFound && !plain.match.host.empty()) {
            plain.match.host.clear();
            outcome = ask(plain, key_);
            if (outcome != routing::Outcome::NotFound) return verdict(route, label, 2, "it is for host " + route.match.host);
        }
        if (outcome == routing::Outcome::NotFound) return verdict(route, label, 4, path_words(route.match.path, key_.path));
        for (const routing::Condition& condition : routing::compile_conditions(route.match)) {
            if (!routing::holds(condition, key_)) words += (words.empty() ? "" : "; ") + failed_words(condition, key_);
        }
        if (outcome == routing::Outcome::MethodNotAllowed) {
            return verdict(route, label, 1, method_words(route) + (words.empty() ? "" : "; " + words));
        }
        if (!words.empty()) return verdict(route, label, 0, words);
        return verdict(route, label, 3, chosen_ == nullptr ? "it fits" : preference_words(route.match, chosen_->match));
    }

private:
    [[nodiscard]] static std::string method_words(const config::Route& route) {
        std::string names;
        for (const std::string& method : route.match.methods) names += (names.empty() ? "" : ", ") + method;
        return "it is for " + names;
    }

    [[nodiscard]] static OtherRoute verdict(const config::Route& route, const std::string& label, std::size_t reason, std::string words) {
        return {label, config::match_words(route.match), std::string(reasons[reason]), std::move(words)};
    }

    const routing::RequestKey& key_;
    const config::Route* chosen_;
};

struct Neighbour {
    std::size_t distance = 0;
    std::uint32_t index = 0;
};

constexpr std::size_t too_far = 100;

/// How far a word is from the one in its place, when it may be the same misspelt.
std::size_t word_distance(std::string_view one, std::string_view other) {
    constexpr std::size_t longest = 64;
    if (one.size() > longest || other.size() > longest) return too_far;
    const std::size_t edits = edit_distance(one, other);
    return edits <= std::max<std::size_t>(1, one.size() / 3) ? edits : too_far;
}

/// 0 for a path that fits; small when it fits but for case, a slash at the end, one segment or the spelling of one.
std::size_t path_distance(const std::string& text, const routing::Pattern& pattern, std::string_view path,
                          const std::vector<std::string_view>& segments) {
    const Distance distance = distance_of(pattern, segments);
    if (distance.count == 0) return 0;
    if (equal_ignoring_case(text, path) || text == std::string(path) + "/" || text + "/" == path) return 1;
    if (distance.count > 1) return too_far;
    const bool has_other = distance.first < pattern.segments.size() && distance.first < segments.size();
    if (!has_other) return 2;
    return 1 + word_distance(pattern.segments[distance.first].text, segments[distance.first]);
}

/// Routes whose path fits or nearly does.
std::vector<Neighbour> neighbours_of(const Snapshot& snapshot, std::string_view path, const config::Route* chosen) {
    const std::vector<config::Route>& routes = snapshot.config().routes;
    const std::vector<std::string_view> segments = segments_of(path);
    std::vector<Neighbour> near;
    for (std::uint32_t i = 0; i < std::min(routes.size(), most_compared); ++i) {
        const auto pattern = &routes[i] == chosen ? std::unexpected(std::string()) : routing::parse_pattern(routes[i].match.path);
        if (!pattern) continue;
        const std::size_t distance = path_distance(routes[i].match.path, *pattern, path, segments);
        if (distance < too_far) near.push_back({distance, i});
    }
    std::ranges::stable_sort(near, {}, &Neighbour::distance);
    near.resize(std::min(near.size(), most_judged));
    return near;
}

}  // namespace

std::vector<OtherRoute> explain_others(const Snapshot& snapshot, const routing::RequestKey& key, const config::Route* chosen) {
    const Judge judge(key, chosen);
    std::vector<OtherRoute> others;
    for (const Neighbour& near : neighbours_of(snapshot, key.path, chosen)) {
        others.push_back(judge.judge(snapshot.config().routes[near.index], snapshot.route(near.index).label));
    }
    std::ranges::stable_sort(others, {}, [](const OtherRoute& other) { return std::ranges::find(reasons, other.reason) - reasons.begin(); });
    others.resize(std::min(others.size(), most_others));
    return others;
}

}  // namespace sluice::proxy
