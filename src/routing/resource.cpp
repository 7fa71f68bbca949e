#include "routing/resource.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace sluice::routing {
namespace {

/// How a route answers a method: by name, as GET answers HEAD, or because it takes any.
enum class Specificity : std::uint8_t { Named, AsGet, Any };

/// A route in a chain, or one name of a route for methods that http::Method does not know.
struct Entry {
    const ResourceRoute* route = nullptr;
    Specificity specificity = Specificity::Named;
    std::string_view other_method;

    bool operator==(const Entry&) const = default;
};

std::size_t condition_count(const config::Match& match) {
    return match.headers.size() + match.query.size();
}

std::size_t value_count(const config::Match& match) {
    const auto has_value = [](const config::Condition& condition) {
        return condition.value.has_value();
    };
    return static_cast<std::size_t>(std::ranges::count_if(match.headers, has_value) +
                                    std::ranges::count_if(match.query, has_value));
}

bool is_preferred(const Entry& a, const Entry& b) {
    const config::Match& one = a.route->route->match;
    const config::Match& other = b.route->route->match;
    return std::tuple(condition_count(other), value_count(other), a.specificity, a.route->index) <
           std::tuple(condition_count(one), value_count(one), b.specificity, b.route->index);
}

bool is_head_without_conditions(const ResourceRoute& route) {
    return route.methods != any_method && (route.methods & set_of(http::Method::Head)) != 0 &&
           condition_count(route.route->match) == 0;
}

std::vector<Entry> chain_for(http::Method method, std::span<const ResourceRoute> routes) {
    const bool as_get =
        method == http::Method::Head && std::ranges::none_of(routes, is_head_without_conditions);
    std::vector<Entry> chain;
    for (const ResourceRoute& route : routes) {
        if (route.methods == any_method) {
            chain.push_back({&route, Specificity::Any, {}});
        } else if ((route.methods & set_of(method)) != 0) {
            chain.push_back({&route, Specificity::Named, {}});
        } else if (as_get && (route.methods & set_of(http::Method::Get)) != 0) {
            chain.push_back({&route, Specificity::AsGet, {}});
        }
    }
    std::ranges::sort(chain, is_preferred);
    return chain;
}

std::vector<Entry> chain_for_others(std::span<const ResourceRoute> routes,
                                    const MethodRegistry& methods) {
    std::vector<Entry> chain;
    for (const ResourceRoute& route : routes) {
        if (route.methods == any_method) {
            chain.push_back({&route, Specificity::Any, {}});
            continue;
        }
        for (const std::string_view name : methods.other_names(route.methods)) {
            chain.push_back({&route, Specificity::Named, name});
        }
    }
    std::ranges::sort(chain, is_preferred);
    return chain;
}

/// Some request has no reason to prefer one of the two.
bool are_tied(const ResourceRoute& a, const ResourceRoute& b) {
    const config::Match& one = a.route->match;
    const config::Match& other = b.route->match;
    if (condition_count(one) != condition_count(other)) return false;
    if (value_count(one) != value_count(other)) return false;
    if ((a.methods == any_method) != (b.methods == any_method)) return false;
    return (a.methods & b.methods) != 0 && !are_disjoint(one, other);
}

Conflict tie(const ResourceRoute& a, const ResourceRoute& b) {
    const config::Match& match = b.route->match;
    std::string reason = "both can answer ";
    reason += a.methods == any_method ? "any method on " : "the same method on ";
    reason += a.route->match.path;
    if (match.path != a.route->match.path) reason += " (which is also " + match.path + ")";
    reason += match.host.empty() ? " for any host" : " for host " + match.host;
    reason += condition_count(match) == 0
                  ? "; give them different methods or conditions, or remove one"
                  : "; a request can fulfil the conditions of both: give one of them one more";
    return {reference_to(*a.route, a.index), reference_to(*b.route, b.index), std::move(reason)};
}

void find_ties(std::span<const ResourceRoute> routes, std::vector<Conflict>& conflicts) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
        for (std::size_t j = i + 1; j < routes.size(); ++j) {
            if (are_tied(routes[i], routes[j])) conflicts.push_back(tie(routes[i], routes[j]));
        }
    }
}

MethodSet allowed_by(std::span<const ResourceRoute> routes) {
    MethodSet allowed = 0;
    for (const ResourceRoute& route : routes) allowed |= route.methods;
    if ((allowed & set_of(http::Method::Get)) != 0) allowed |= set_of(http::Method::Head);
    return allowed;
}

void append_chain(const std::vector<Entry>& chain, ResourceCompiler& out) {
    for (const Entry& entry : chain) {
        const config::Route& route = *entry.route->route;
        const auto first = static_cast<std::uint32_t>(out.conditions.size());
        if (!entry.other_method.empty()) {
            out.conditions.push_back({Condition::Kind::Method, true, {}, entry.other_method, {}});
        }
        for (const Condition& condition : compile_conditions(route.match))
            out.conditions.push_back(condition);
        out.candidates.push_back({entry.route->index, entry.route->first_name, first,
                                  static_cast<std::uint16_t>(out.conditions.size() - first),
                                  false});
    }
    out.candidates.back().is_last = true;
}

}  // namespace

Resource ResourceCompiler::compile(std::span<const ResourceRoute> routes,
                                   const MethodRegistry& methods,
                                   std::vector<Conflict>& conflicts) {
    find_ties(routes, conflicts);
    Resource resource;
    resource.first_candidate = static_cast<std::uint32_t>(candidates.size());
    resource.allowed = allowed_by(routes);
    std::vector<std::pair<std::vector<Entry>, std::uint16_t>> written;
    for (std::size_t method = 0; method <= known_methods; ++method) {
        const auto chain = method == known_methods
                               ? chain_for_others(routes, methods)
                               : chain_for(static_cast<http::Method>(method), routes);
        resource.chains[method] = Resource::none;
        if (chain.empty()) continue;
        const auto same =
            std::ranges::find(written, chain, &std::pair<std::vector<Entry>, std::uint16_t>::first);
        if (same != written.end()) {
            resource.chains[method] = same->second;
            continue;
        }
        const std::size_t start = candidates.size() - resource.first_candidate;
        if (start + chain.size() >= Resource::none) {
            conflicts.push_back({reference_to(*routes.back().route, routes.back().index),
                                 std::nullopt,
                                 "too many routes on " + routes.back().route->match.path});
            return resource;
        }
        resource.chains[method] = static_cast<std::uint16_t>(start);
        append_chain(chain, *this);
        written.emplace_back(chain, resource.chains[method]);
    }
    return resource;
}

Ending ResourceCompiler::ending_of(const Resource& resource, std::uint32_t number) const {
    Ending ending{.resource = number};
    for (std::uint32_t method = 0; method <= known_methods; ++method) {
        if (resource.chains[method] == Resource::none) continue;
        const Candidate& candidate = candidates[resource.first_candidate + resource.chains[method]];
        if (candidate.condition_count != 0) continue;
        if (ending.methods != 0 && candidate.route_index != ending.route_index) continue;
        ending.methods |= 1U << method;
        ending.route_index = candidate.route_index;
        ending.first_name = candidate.first_name;
    }
    return ending;
}

}  // namespace sluice::routing
