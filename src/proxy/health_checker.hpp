#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "net/pause.hpp"
#include "net/task.hpp"
#include "proxy/health_connection.hpp"
#include "upstream/cluster_state.hpp"

namespace sluice::proxy {

/// Asks the endpoints of all clusters that want it whether they are well, and tells the clusters: one checker for all
/// workers.
///
/// Threading: one worker, which carries no clients.
/// Lifetime:  the worker outlives it; it is destroyed there when `stop` has called back.
class HealthChecker {
public:
    HealthChecker(net::Worker& worker, const Log& log) : worker_(worker), log_(log) {}
    HealthChecker(const HealthChecker&) = delete;
    HealthChecker& operator=(const HealthChecker&) = delete;

    /// Begins to check the cluster's present endpoints that are not checked yet, and ends the checks of those that are gone.
    /// Called again whenever the set has changed.
    /// A cluster that takes another's place goes on with its checks, unless they have changed.
    void follow(const std::shared_ptr<upstream::ClusterState>& cluster);
    /// Ends what is still checked for a cluster that is gone. In the one that has taken its place, if there is one, these
    /// endpoints count as unchecked.
    void leave(const upstream::ClusterState& cluster, const std::shared_ptr<upstream::ClusterState>& successor);

    /// Ends every check; `on_ended` is called when the last one has.
    void stop(std::function<void()> on_ended);

private:
    /// The checks of one endpoint, which follow each other in a coroutine.
    struct Check {
        Check(net::TimerWheel& timers, std::shared_ptr<upstream::ClusterState> the_cluster,
              std::shared_ptr<upstream::EndpointState> the_endpoint)
            : cluster(std::move(the_cluster)), endpoint(std::move(the_endpoint)), pause(timers) {}
        void end();

        std::shared_ptr<upstream::ClusterState> cluster;
        std::shared_ptr<upstream::EndpointState> endpoint;
        net::Pause pause;
        std::shared_ptr<tls::SessionSlot> session = std::make_shared<tls::SessionSlot>();
        /// Of the check that goes on.
        HealthConnection* connection = nullptr;
        bool is_ended = false;
        /// The endpoint is no longer checked: what was known of it is forgotten, and this cluster told if there is one.
        bool forgets = false;
        std::shared_ptr<upstream::ClusterState> successor;
    };
    using Place = std::list<Check>::iterator;

    [[nodiscard]] net::Task<void> run(Place place);
    /// An empty text when the endpoint is well, otherwise what is wrong.
    [[nodiscard]] net::Task<std::string> check_once(Check& check);
    [[nodiscard]] net::Task<std::string> ask(Check& check, HealthConnection& connection, TimePoint deadline);
    void record(Check& check, const std::string& flaw);

    net::Worker& worker_;
    const Log& log_;
    std::list<Check> checks_;
    std::function<void()> on_ended_;
};

}  // namespace sluice::proxy
