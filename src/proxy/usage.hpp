#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "proxy/session.hpp"

namespace sluice::proxy {

/// What is under way at a moment, of one kind of thing.
struct Use {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
    /// Upgraded connections, such as WebSockets; these are not among the requests.
    std::uint64_t tunnels = 0;

    void add(const Use& other) {
        connections += other.connections;
        requests += other.requests;
        tunnels += other.tunnels;
    }
};

/// What is under way, by what it uses. For an operator who asks what a change would touch; nothing counts it otherwise.
struct Usage {
    std::map<ListenerId, Use> listeners;
    /// By config::route_name.
    std::map<std::string, Use> routes;
    std::map<std::string, Use> clusters;
    /// By cluster and endpoint.
    std::map<std::pair<std::string, std::string>, Use> endpoints;
    Use all;

    void add(const Usage& other) {
        for (const auto& [id, use] : other.listeners) listeners[id].add(use);
        for (const auto& [name, use] : other.routes) routes[name].add(use);
        for (const auto& [name, use] : other.clusters) clusters[name].add(use);
        for (const auto& [name, use] : other.endpoints) endpoints[name].add(use);
        all.add(other.all);
    }
};

}  // namespace sluice::proxy
