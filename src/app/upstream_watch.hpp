#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "net/resolver.hpp"
#include "net/worker.hpp"
#include "proxy/health_checker.hpp"
#include "proxy/snapshot.hpp"

namespace sluice::app {

/// What goes on about upstreams beside the requests: names are looked up and endpoints are checked, on threads of their own.
///
/// Threading: one thread, the main one.
/// Lifetime:  the log outlives it.
class UpstreamWatch {
public:
    /// The seed moves the checks of gateways that start together apart.
    UpstreamWatch(const Log& log, std::uint64_t seed);
    UpstreamWatch(const UpstreamWatch&) = delete;
    UpstreamWatch& operator=(const UpstreamWatch&) = delete;
    ~UpstreamWatch();

    /// Begins to look up the names of the snapshot's clusters that are not watched yet. Returns when each was looked up
    /// once, or has had its time: a name without an address is a warning.
    void prepare(const proxy::Snapshot& snapshot);
    /// The snapshot is in force: its clusters are checked, and others no longer watched.
    void apply(const std::shared_ptr<const proxy::Snapshot>& snapshot);
    void stop();

private:
    using ClusterPtr = std::shared_ptr<upstream::ClusterState>;

    struct Watched;

    void begin();
    void watch_names(Watched& watched);
    [[nodiscard]] static bool is_of(const proxy::Snapshot& snapshot, const ClusterPtr& cluster);
    void on_resolution(const ClusterPtr& cluster, std::uint32_t configured, const net::Resolution& resolution);
    void follow(const ClusterPtr& cluster);

    const Log& log_;
    std::unique_ptr<net::Resolver> resolver_;
    config::Resolver resolver_config_;
    net::Worker worker_;
    /// The worker's thread alone: the checker, and the snapshot whose clusters it checks.
    std::unique_ptr<proxy::HealthChecker> checker_;
    std::shared_ptr<const proxy::Snapshot> checked_;
    /// The clusters of the snapshot in force, or soon so.
    struct Watched {
        ClusterPtr cluster;
        std::vector<net::Resolver::Watch> names;
    };
    std::vector<Watched> watched_;
    /// Names whose last lookup failed; the resolver's thread alone.
    std::set<std::string> failing_;
    bool is_running_ = false;
};

}  // namespace sluice::app
