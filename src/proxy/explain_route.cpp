#include <algorithm>

#include "config/effective.hpp"
#include "config/route_words.hpp"
#include "proxy/explain_parts.hpp"
#include "routing/condition.hpp"
#include "routing/pattern.hpp"

namespace sluice::proxy {
namespace {

std::string host_line(const config::Match& match, std::string_view host) {
    if (match.host.empty()) return "host: any";
    if (!match.host.starts_with("*.")) return "host: exactly " + match.host;
    return "host: " + std::string(host) + " is below " + match.host.substr(2);
}

std::string path_line(const config::Match& match) {
    const auto pattern = routing::parse_pattern(match.path);
    if (!pattern || pattern->is_static()) return "path: exactly " + match.path;
    const bool is_open = pattern->kind() == routing::Segment::Kind::CatchAll;
    return "path: " + match.path + (is_open ? ", everything below" : ", with parameters");
}

std::string method_line(const config::Match& match, const routing::RequestKey& key) {
    if (match.methods.empty()) return "method: any";
    std::string names;
    for (const std::string& method : match.methods) names += (names.empty() ? "" : ", ") + method;
    const bool is_named = std::ranges::find(match.methods, key.method_name) != match.methods.end();
    const std::string method(key.method_name);
    return is_named ? "method: " + method + " is one of " + names : "method: " + method + " is answered by a route for " + names;
}

std::string held_line(const routing::Condition& condition) {
    if (!condition.has_value) return condition_noun(condition) + " is there";
    return condition_noun(condition) + " is " + shown_value(condition.name, condition.value);
}

}  // namespace

std::string shown_value(std::string_view name, std::string_view value) {
    return config::is_credential_name(name) ? "***" : std::string(value);
}

std::string condition_noun(const routing::Condition& condition) {
    const bool is_header = condition.kind == routing::Condition::Kind::Header;
    return (is_header ? "header " : "query parameter ") + std::string(condition.name);
}

RouteExplanation explain_route(const RoutePlan& plan, const routing::Match& match, const routing::RequestKey& key) {
    const config::Match& wanted = match.route->match;
    RouteExplanation out;
    out.name = plan.label;
    out.line = match.route->position.line;
    out.match = config::match_words(wanted);
    out.why = {host_line(wanted, key.host), path_line(wanted), method_line(wanted, key)};
    for (const routing::Condition& condition : routing::compile_conditions(wanted)) out.why.push_back(held_line(condition));
    for (std::size_t i = 0; i < match.params.size(); ++i) {
        out.params.emplace_back(match.params[i].name, match.params[i].value);
    }
    return out;
}

}  // namespace sluice::proxy
