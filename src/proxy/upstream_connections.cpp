#include "proxy/upstream_connections.hpp"

#include <utility>

#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

constexpr std::chrono::seconds sweep_interval{1};

}  // namespace

UpstreamConnections::UpstreamConnections(net::Worker& worker, std::shared_ptr<const Snapshot> snapshot,
                                         telemetry::WorkerMetrics& metrics)
    : worker_(worker),
      snapshot_(std::move(snapshot)),
      sweep_(
          worker.timers(), [](void* self) { static_cast<UpstreamConnections*>(self)->sweep(); }, this) {
    for (const ClusterPlan& cluster : snapshot_->clusters()) {
        clusters_.push_back(std::make_unique<ClusterConnections>(EndpointConnections::Context{worker, metrics, free_},
                                                                 cluster.state, cluster.first_endpoint));
    }
}

UpstreamConnections::~UpstreamConnections() { close_idle(); }

void UpstreamConnections::close_idle() {
    for (const auto& cluster : clusters_) cluster->close_idle();
}

std::size_t UpstreamConnections::idle_count() const {
    std::size_t count = 0;
    for (const auto& cluster : clusters_) count += cluster->idle_count();
    return count;
}

void UpstreamConnections::schedule_sweep() { sweep_.set(worker_.now() + sweep_interval); }

void UpstreamConnections::sweep() {
    for (const auto& cluster : clusters_) cluster->close_idle_since(worker_.now());
    if (idle_count() != 0) schedule_sweep();
}

}  // namespace sluice::proxy
