#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/timer_wheel.hpp"
#include "proxy/cluster_connections.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/metrics.hpp"

namespace sluice::proxy {

/// A worker's connections to every cluster of the snapshot.
///
/// Threading: one worker.
/// Lifetime:  worker and metrics outlive it.
class UpstreamConnections {
public:
    UpstreamConnections(net::Worker& worker, std::shared_ptr<const Snapshot> snapshot,
                        telemetry::WorkerMetrics& metrics);
    UpstreamConnections(const UpstreamConnections&) = delete;
    UpstreamConnections& operator=(const UpstreamConnections&) = delete;
    ~UpstreamConnections();

    /// Other clusters from now on. Those that stay keep their connections; those that are gone are kept until what is under
    /// way has ended.
    void follow(std::shared_ptr<const Snapshot> snapshot);

    /// By its place among the clusters of the snapshot in force.
    [[nodiscard]] ClusterConnections& cluster(std::uint32_t index) {
        if (!sweep_.is_set()) schedule_sweep();
        return *clusters_[index];
    }

    void close_idle();
    [[nodiscard]] std::size_t idle_count() const;

private:
    [[nodiscard]] std::unique_ptr<ClusterConnections> make(const ClusterPlan& plan);
    void free_retired();
    void schedule_sweep();
    void sweep();

    net::Worker& worker_;
    telemetry::WorkerMetrics& metrics_;
    std::shared_ptr<const Snapshot> snapshot_;
    /// Outlives the endpoints, which leave their closed connections here.
    FreeConnections free_;
    std::vector<std::unique_ptr<ClusterConnections>> clusters_;
    std::vector<std::unique_ptr<ClusterConnections>> retired_;
    net::Deadline sweep_;
};

}  // namespace sluice::proxy
