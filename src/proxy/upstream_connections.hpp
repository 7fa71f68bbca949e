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
/// Lifetime:  worker and snapshot outlive it.
class UpstreamConnections {
public:
    UpstreamConnections(net::Worker& worker, std::shared_ptr<const Snapshot> snapshot,
                        telemetry::WorkerMetrics& metrics);
    UpstreamConnections(const UpstreamConnections&) = delete;
    UpstreamConnections& operator=(const UpstreamConnections&) = delete;
    ~UpstreamConnections();

    /// By its place among the snapshot's clusters.
    [[nodiscard]] ClusterConnections& cluster(std::uint32_t index) {
        if (!sweep_.is_set()) schedule_sweep();
        return *clusters_[index];
    }

    void close_idle();
    [[nodiscard]] std::size_t idle_count() const;

private:
    void schedule_sweep();
    void sweep();

    net::Worker& worker_;
    std::shared_ptr<const Snapshot> snapshot_;
    /// Outlives the endpoints, which leave their closed connections here.
    FreeConnections free_;
    std::vector<std::unique_ptr<ClusterConnections>> clusters_;
    net::Deadline sweep_;
};

}  // namespace sluice::proxy
