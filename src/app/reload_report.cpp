#include "app/reload_report.hpp"

namespace sluice::app {
namespace {

void add_count(std::string& words, std::uint64_t count, const std::string& one, const std::string& many) {
    if (count == 0) return;
    if (!words.empty()) words += ", ";
    words += std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string touched(const proxy::Use& use) {
    std::string words;
    add_count(words, use.connections, "connection", "connections");
    add_count(words, use.requests, "request", "requests");
    add_count(words, use.tunnels, "upgraded connection", "upgraded connections");
    return words;
}

template <typename Map, typename Key>
proxy::Use found(const Map& map, const Key& key) {
    const auto place = map.find(key);
    return place == map.end() ? proxy::Use{} : place->second;
}

proxy::Use use_of(const config::Change& change, const proxy::Usage& usage,
                  const std::map<std::string, proxy::ListenerId>& listeners) {
    using Kind = config::Change::Kind;
    switch (change.kind) {
        case Kind::Listener: {
            const auto listener = listeners.find(change.name);
            return listener == listeners.end() ? proxy::Use{} : found(usage.listeners, listener->second);
        }
        case Kind::Route: return found(usage.routes, change.name);
        case Kind::Cluster: return found(usage.clusters, change.name);
        case Kind::Endpoint: return found(usage.endpoints, std::pair(change.cluster, change.name));
        case Kind::Limit:
        case Kind::Setting: return {};
    }
    return {};
}

}  // namespace

std::vector<std::string> describe_changes(const std::vector<config::Change>& changes, const proxy::Usage& usage,
                                          const std::map<std::string, proxy::ListenerId>& listeners) {
    std::vector<std::string> lines;
    for (const config::Change& change : changes) {
        std::string line = describe(change);
        const std::string words = touched(use_of(change, usage, listeners));
        if (!words.empty()) line += " (touches " + words + ")";
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace sluice::app
