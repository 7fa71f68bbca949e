#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/log.hpp"
#include "net/resolver.hpp"
#include "net/worker.hpp"
#include "proxy/health_checker.hpp"
#include "proxy/snapshot.hpp"

namespace sluice::app {

/// What goes on about upstreams beside the requests: names are looked up and endpoints are checked, on threads of their own.
///
/// Threading: made, started and stopped on one thread.
/// Lifetime:  the log outlives it.
class UpstreamWatch {
public:
    /// The seed moves the checks of gateways that start together apart.
    UpstreamWatch(std::shared_ptr<const proxy::Snapshot> snapshot, const Log& log, std::uint64_t seed);
    UpstreamWatch(const UpstreamWatch&) = delete;
    UpstreamWatch& operator=(const UpstreamWatch&) = delete;
    ~UpstreamWatch();

    /// Returns when every name was looked up once, or has had its time: a name without an address is a warning.
    void start();
    void stop();

private:
    using ClusterPtr = std::shared_ptr<upstream::ClusterState>;

    void watch_names(const ClusterPtr& cluster);
    void on_resolution(const ClusterPtr& cluster, std::uint32_t configured, const net::Resolution& resolution);
    void follow(const ClusterPtr& cluster);

    std::shared_ptr<const proxy::Snapshot> snapshot_;
    const Log& log_;
    net::Resolver resolver_;
    net::Worker worker_;
    std::unique_ptr<proxy::HealthChecker> checker_;
    /// Names whose last lookup failed; the resolver's thread alone.
    std::set<std::string> failing_;
    bool is_running_ = false;
};

}  // namespace sluice::app
