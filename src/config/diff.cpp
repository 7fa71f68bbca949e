#include "config/diff.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "config/diff_values.hpp"
#include "config/json_format.hpp"
#include "config/node_writer.hpp"
#include "config/route_words.hpp"

namespace sluice::config {
namespace {

using Changes = std::vector<Change>;
using Kind = Change::Kind;
using What = Change::What;

const Object& object_of(const Object& object, std::string_view key) { return *key_of(object, key).object; }

std::vector<std::string> one_if_any(std::string words) {
    return words.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::move(words)};
}

/// The elements with what they are told apart by: their names, and numbers where listeners have none of their own.
template <typename T, typename NameOf>
std::map<std::pair<std::string, int>, const T*> by_name(const std::vector<T>& list, const NameOf& name_of_one) {
    std::map<std::pair<std::string, int>, const T*> named;
    for (const T& one : list) {
        std::pair<std::string, int> name{name_of_one(one), 0};
        while (!named.emplace(name, &one).second) ++name.second;
    }
    return named;
}

/// Calls gone(old), both(old, now) and added(now), in the order of the names.
template <typename T, typename NameOf, typename Gone, typename Both, typename Added>
void pair_up(const std::vector<T>& before, const std::vector<T>& after, const NameOf& name_of_one, const Gone& gone,
             const Both& both, const Added& added) {
    const auto old = by_name(before, name_of_one);
    const auto now = by_name(after, name_of_one);
    for (const auto& [name, one] : old) {
        const auto same = now.find(name);
        if (same == now.end()) {
            gone(*one);
        } else {
            both(*one, *same->second);
        }
    }
    for (const auto& [name, one] : now) {
        if (!old.contains(name)) added(*one);
    }
}

void diff_listeners(const Config& before, const Config& after, Changes& changes) {
    const Object& object = object_of(root_object(), "listeners");
    const auto report = [&](What what, const Listener& listener, std::vector<std::string> details) {
        changes.push_back({Kind::Listener, what, listener.name, {}, std::move(details)});
    };
    const auto words = [&](const Listener& listener) {
        return std::vector{describe_object(object, write_object(object, &listener), "name")};
    };
    pair_up(
        before.listeners, after.listeners, [](const Listener& listener) { return listener.name; },
        [&](const Listener& gone) { report(What::Removed, gone, words(gone)); },
        [&](const Listener& old, const Listener& now) {
            std::vector<std::string> details;
            compare_objects(object, write_object(object, &old), write_object(object, &now), {}, details);
            if (!details.empty()) report(What::Changed, now, std::move(details));
        },
        [&](const Listener& added) { report(What::Added, added, words(added)); });
}

std::string endpoint_name(const Endpoint& endpoint) { return endpoint.srv.empty() ? endpoint.address.text() : endpoint.srv; }

void diff_endpoints(const Cluster& before, const Cluster& after, Changes& changes) {
    const Object& object = object_of(object_of(root_object(), "clusters"), "endpoints");
    const auto report = [&](What what, const Endpoint& endpoint, std::vector<std::string> details) {
        changes.push_back({Kind::Endpoint, what, endpoint_name(endpoint), after.name, std::move(details)});
    };
    const auto words = [&](const Endpoint& endpoint) {
        return one_if_any(describe_object(object, write_object(object, &endpoint), "address srv"));
    };
    pair_up(
        before.endpoints, after.endpoints, endpoint_name,
        [&](const Endpoint& gone) { report(What::Removed, gone, words(gone)); },
        [&](const Endpoint& old, const Endpoint& now) {
            std::vector<std::string> details;
            compare_objects(object, write_object(object, &old), write_object(object, &now), {}, details);
            if (!details.empty()) report(What::Changed, now, std::move(details));
        },
        [&](const Endpoint& added) { report(What::Added, added, words(added)); });
}

void diff_clusters(const Config& before, const Config& after, Changes& changes) {
    const Object& object = object_of(root_object(), "clusters");
    const auto report = [&](What what, const Cluster& cluster, std::vector<std::string> details) {
        changes.push_back({Kind::Cluster, what, cluster.name, {}, std::move(details)});
    };
    const auto words = [&](const Cluster& cluster) {
        std::vector<std::string> details;
        std::string endpoints = cluster.endpoints.size() == 1 ? "endpoint " : "endpoints ";
        for (std::size_t i = 0; i < std::min<std::size_t>(cluster.endpoints.size(), 4); ++i) {
            endpoints += (i == 0 ? "" : ", ") + endpoint_name(cluster.endpoints[i]);
        }
        if (cluster.endpoints.size() > 4) endpoints += " and " + std::to_string(cluster.endpoints.size() - 4) + " more";
        details.push_back(std::move(endpoints));
        const std::string rest = describe_object(object, write_object(object, &cluster), "name endpoints");
        if (!rest.empty()) details.push_back(rest);
        return details;
    };
    pair_up(
        before.clusters, after.clusters, [](const Cluster& cluster) { return cluster.name; },
        [&](const Cluster& gone) { report(What::Removed, gone, words(gone)); },
        [&](const Cluster& old, const Cluster& now) {
            std::vector<std::string> details;
            compare_objects(object, write_object(object, &old), write_object(object, &now), {}, details, "endpoints");
            if (!details.empty()) report(What::Changed, now, std::move(details));
            diff_endpoints(old, now, changes);
        },
        [&](const Cluster& added) { report(What::Added, added, words(added)); });
}

/// Finds for each route of the old configuration the same one of the new.
class RoutePairs {
public:
    RoutePairs(const std::vector<Route>& before, const std::vector<Route>& after) : before_(before), after_(after) {
        pair_by([](const Route& route) { return route.name; });
        pair_by([](const Route& route) { return match_identity(route.match); });
        // The same place with other methods or conditions, where it is clear which is meant.
        pair_by([](const Route& route) {
            return route.name.empty() ? to_lower(route.match.host) + route.match.path : std::string();
        });
    }

    [[nodiscard]] const Route* find(const Route& old) const {
        const auto pair = pairs_.find(&old);
        return pair == pairs_.end() ? nullptr : pair->second;
    }
    [[nodiscard]] bool is_new(const Route& now) const { return !taken_.contains(&now); }

private:
    using Identity = std::function<std::string(const Route&)>;

    /// Among the routes that are still alone; "" is no identity, nor is one that several have.
    void pair_by(const Identity& identity) {
        std::map<std::string, std::pair<const Route*, int>> left;
        for (const Route& route : after_) {
            if (taken_.contains(&route)) continue;
            auto& [found, count] = left[identity(route)];
            found = &route;
            ++count;
        }
        std::map<std::string, int> old_counts;
        for (const Route& route : before_) {
            if (!pairs_.contains(&route)) ++old_counts[identity(route)];
        }
        for (const Route& route : before_) {
            if (pairs_.contains(&route)) continue;
            const std::string wanted = identity(route);
            const auto found = left.find(wanted);
            if (wanted.empty() || found == left.end() || found->second.second != 1 || old_counts[wanted] != 1) continue;
            pairs_.emplace(&route, found->second.first);
            taken_.emplace(found->second.first, &route);
        }
    }

    const std::vector<Route>& before_;
    const std::vector<Route>& after_;
    std::map<const Route*, const Route*> pairs_;
    std::map<const Route*, const Route*> taken_;
};

/// Most routes are: what costs much is left to the others.
bool is_same(Route old, const Route& now) {
    old.position = now.position;
    return old == now;
}

void diff_routes(const Config& before, const Config& after, Changes& changes) {
    const Object& object = object_of(root_object(), "routes");
    const RoutePairs pairs(before.routes, after.routes);
    const auto report = [&](What what, const Route& route, std::vector<std::string> details) {
        changes.push_back({Kind::Route, what, route_name(route), {}, std::move(details)});
    };
    const auto words = [](const Route& route) {
        const std::string action = action_words(route);
        return std::vector{route.name.empty() ? action : match_words(route.match) + " " + action};
    };
    for (const Route& old : before.routes) {
        const Route* const now = pairs.find(old);
        if (now == nullptr) {
            report(What::Removed, old, words(old));
            continue;
        }
        if (is_same(old, *now)) continue;
        std::vector<std::string> details;
        compare_objects(object, write_route(object, old), write_route(object, *now), {}, details);
        if (!details.empty()) report(What::Changed, *now, std::move(details));
    }
    for (const Route& now : after.routes) {
        if (pairs.is_new(now)) report(What::Added, now, words(now));
    }
}

/// Every key of an object at the top is a setting of its own.
void diff_settings(const Config& before, const Config& after, Changes& changes) {
    const auto compare = [&](Kind kind, const Key& key, const Node* old, const Node* now, const std::string& name) {
        std::vector<std::string> lines;
        compare_values(key, old, now, {}, lines);
        if (lines.empty()) return;
        for (std::string& line : lines) line.erase(0, line.starts_with(": ") ? 2 : 0);
        changes.push_back({kind, What::Changed, name, {}, std::move(lines)});
    };
    for (const Key& key : root_object().keys) {
        if (key.type == Type::Objects) continue;
        const auto old = key.write(&before, key);
        const auto now = key.write(&after, key);
        if (!old || !now) continue;
        if (key.type != Type::Object) {
            compare(Kind::Setting, key, &*old, &*now, std::string(key.name));
            continue;
        }
        const bool is_limit = key.name == "limits";
        for (const Key& part : key.object->keys) {
            const std::string name = is_limit ? std::string(part.name) : std::string(key.name) + "." + std::string(part.name);
            compare(is_limit ? Kind::Limit : Kind::Setting, part, old->find(part.name), now->find(part.name), name);
        }
    }
}

Node change_node(const Change& change) {
    Node node;
    node.kind = Node::Kind::Object;
    const auto add = [&](std::string_view key, Node value) { node.members.push_back({std::string(key), {}, std::move(value)}); };
    add("kind", text_node(std::string(name_of(change.kind))));
    add("what", text_node(std::string(name_of(change.what))));
    add("name", text_node(change.name));
    if (!change.cluster.empty()) add("cluster", text_node(change.cluster));
    Node details;
    details.kind = Node::Kind::Array;
    for (const std::string& line : change.details) details.elements.push_back(text_node(line));
    add("details", std::move(details));
    return node;
}

}  // namespace

std::vector<Change> diff(const Config& before, const Config& after) {
    Changes changes;
    diff_listeners(before, after, changes);
    diff_routes(before, after, changes);
    diff_clusters(before, after, changes);
    diff_settings(before, after, changes);
    return changes;
}

std::string_view name_of(Change::Kind kind) {
    switch (kind) {
        case Kind::Listener: return "listener";
        case Kind::Route: return "route";
        case Kind::Cluster: return "cluster";
        case Kind::Endpoint: return "endpoint";
        case Kind::Limit: return "limit";
        case Kind::Setting: break;
    }
    return "setting";
}

std::string_view name_of(Change::What what) {
    switch (what) {
        case What::Added: return "added";
        case What::Removed: return "removed";
        case What::Changed: break;
    }
    return "changed";
}

std::string subject_of(const Change& change) {
    std::string subject = std::string(name_of(change.kind)) + " " + change.name;
    if (!change.cluster.empty()) subject += " of cluster " + change.cluster;
    return subject;
}

std::string describe(const Change& change) {
    std::string line = subject_of(change) + " " + std::string(name_of(change.what));
    for (const std::string& detail : change.details) line += (&detail == change.details.data() ? ": " : "; ") + detail;
    return line;
}

std::vector<std::string> describe(const std::vector<Change>& changes) {
    std::vector<std::string> lines;
    for (const Change& change : changes) lines.push_back(describe(change));
    return lines;
}

std::string diff_json(const std::vector<Change>& changes) {
    Node list;
    list.kind = Node::Kind::Array;
    for (const Change& change : changes) list.elements.push_back(change_node(change));
    return format_json(list);
}

}  // namespace sluice::config
