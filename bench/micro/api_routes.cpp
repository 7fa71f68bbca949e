#include "api_routes.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "base/random.hpp"

namespace sluice::bench {
namespace {

constexpr std::array<std::string_view, 10> services{"",         "billing",   "identity",  "catalog",
                                                    "shipping", "analytics", "messaging", "support",
                                                    "partners", "media"};
constexpr std::array<std::string_view, 25> resources{
    "customers", "orders",    "invoices",  "payments", "products",      "accounts", "users",
    "groups",    "documents", "shipments", "returns",  "subscriptions", "tickets",  "webhooks",
    "reports",   "campaigns", "contacts",  "devices",  "locations",     "tags",     "price-lists",
    "vouchers",  "projects",  "tasks",     "events"};
constexpr std::array<std::string_view, 10> parts{
    "addresses", "comments",    "items",      "attachments", "history",
    "notes",     "permissions", "line-items", "versions",    "members"};

/// What every resource offers; '#' stands for its name and '$' for what is below it.
constexpr std::array<std::string_view, 12> shapes{"/#",
                                                  "/#/:id",
                                                  "/#/:id/$",
                                                  "/#/:id/$/:item_id",
                                                  "/#/search",
                                                  "/#/export/csv",
                                                  "/#/:id/status",
                                                  "/#/stats/daily",
                                                  "/#/:id/$/count",
                                                  "/#/:id/$/:item_id/audit",
                                                  "/#/bulk/update",
                                                  "/#/templates/default"};

std::string fill_in(std::string_view shape, std::string_view resource, std::string_view part) {
    std::string path;
    for (const char c : shape) {
        if (c == '#') {
            path.append(resource);
        } else if (c == '$') {
            path.append(part);
        } else {
            path.push_back(c);
        }
    }
    return path;
}

std::string base_path(std::size_t number) {
    const std::string_view service = services[number % services.size()];
    const std::size_t version = number / services.size() + 1;
    std::string path = "/api/v" + std::to_string(version);
    if (!service.empty()) path.append("/").append(service);
    return path;
}

config::Route make_route(std::string path, std::size_t number) {
    config::Route route;
    route.name = "route-" + std::to_string(number);
    route.match.path = std::move(path);
    if (number % 3 == 0) route.match.methods = {"GET", "POST"};
    if (number % 3 == 1) route.match.methods = {"GET", "PUT", "DELETE"};
    route.action = config::Forward{.cluster = "api"};
    return route;
}

template <typename T>
void shuffle(std::vector<T>& list, Random& random) {
    for (std::size_t i = list.size(); i > 1; --i) {
        std::swap(list[i - 1], list[random.below(static_cast<std::uint32_t>(i))]);
    }
}

std::size_t count_parameters(std::string_view path) {
    return static_cast<std::size_t>(std::ranges::count(path, ':'));
}

/// Identifiers as they are seen: numbers, and hexadecimal ones of UUIDs.
std::string make_identifier(Random& random) {
    if (random.below(2) == 0) return std::to_string(100000 + random.below(90000000));
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < 36; ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        text.push_back(dash ? '-' : digits[random.below(16)]);
    }
    return text;
}

std::string replace_parameters(std::string_view pattern, Random& random) {
    std::string path;
    while (!pattern.empty()) {
        const std::size_t colon = std::min(pattern.find(':'), pattern.size());
        path.append(pattern.substr(0, colon));
        pattern.remove_prefix(colon);
        if (pattern.empty()) break;
        path.append(make_identifier(random));
        pattern.remove_prefix(std::min(pattern.find('/'), pattern.size()));
    }
    return path;
}

/// Near misses: a wrong last segment, one segment too many, an unknown resource, a path of a
/// scanner.
std::string spoil(std::string path, Random& random) {
    switch (random.below(4)) {
        case 0:
            return path + "x";
        case 1:
            return path + "/unknown/things/1";
        case 2:
            return "/api/v1/unknown" + path.substr(path.rfind('/'));
        default:
            return "/wp-content" + path.substr(path.rfind('/')) +
                   std::to_string(random.below(100000));
    }
}

bool fits(const config::Route& route, PathKind kind) {
    if (route.match.path.find('*') != std::string::npos) return false;
    const std::size_t parameters = count_parameters(route.match.path);
    if (kind == PathKind::NotFound) return route.match.path.ends_with(std::string_view("s"));
    return parameters == static_cast<std::size_t>(kind);
}

}  // namespace

std::vector<config::Route> make_api_routes(std::size_t count) {
    std::vector<config::Route> routes;
    for (std::size_t base = 0; routes.size() < count; ++base) {
        for (std::size_t r = 0; r < resources.size() && routes.size() < count; ++r) {
            for (std::size_t s = 0; s < shapes.size() && routes.size() < count; ++s) {
                const std::string_view part = parts[(r + s) % parts.size()];
                const bool is_rest = routes.size() % 50 == 49;
                std::string path = base_path(base) + fill_in(shapes[s], resources[r], part);
                if (is_rest)
                    path = base_path(base) + "/" + std::string(resources[r]) + "/files/*rest";
                routes.push_back(make_route(std::move(path), routes.size()));
            }
        }
    }
    return routes;
}

std::vector<std::string> make_paths(const std::vector<config::Route>& routes, PathKind kind,
                                    std::size_t count) {
    Random random(20261124);
    std::vector<const config::Route*> fitting;
    for (const config::Route& route : routes) {
        if (fits(route, kind)) fitting.push_back(&route);
    }
    shuffle(fitting, random);
    std::vector<std::string> paths;
    std::set<std::string> seen;
    for (std::size_t i = 0; paths.size() < count; ++i) {
        std::string path = replace_parameters(fitting[i % fitting.size()]->match.path, random);
        if (kind == PathKind::NotFound) path = spoil(std::move(path), random);
        const bool is_new = seen.insert(path).second;
        if (is_new || (kind == PathKind::Static && i >= fitting.size()))
            paths.push_back(std::move(path));
    }
    shuffle(paths, random);
    return paths;
}

}  // namespace sluice::bench
