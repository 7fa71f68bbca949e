#include "proxy/upstream_connections.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

constexpr std::chrono::seconds sweep_interval{1};

}  // namespace

UpstreamConnections::UpstreamConnections(net::Worker& worker, std::shared_ptr<const Snapshot> snapshot,
                                         telemetry::WorkerMetrics& metrics)
    : worker_(worker),
      metrics_(metrics),
      snapshot_(std::move(snapshot)),
      sweep_(
          worker.timers(), [](void* self) { static_cast<UpstreamConnections*>(self)->sweep(); }, this) {
    for (const ClusterPlan& cluster : snapshot_->clusters()) clusters_.push_back(make(cluster));
}

UpstreamConnections::~UpstreamConnections() { close_idle(); }

std::unique_ptr<ClusterConnections> UpstreamConnections::make(const ClusterPlan& plan) {
    return std::make_unique<ClusterConnections>(EndpointConnections::Context{worker_, metrics_, free_}, *snapshot_, plan);
}

void UpstreamConnections::follow(std::shared_ptr<const Snapshot> snapshot) {
    std::map<std::string_view, std::unique_ptr<ClusterConnections>> old;
    for (std::size_t i = 0; i < clusters_.size(); ++i) {
        old.emplace(snapshot_->clusters()[i].config->name, std::move(clusters_[i]));
    }
    clusters_.clear();
    const std::shared_ptr<const Snapshot> before = std::exchange(snapshot_, std::move(snapshot));
    std::vector<std::pair<ClusterConnections*, const ClusterPlan*>> kept;
    for (const ClusterPlan& plan : snapshot_->clusters()) {
        const auto known = old.find(plan.config->name);
        if (known == old.end()) {
            clusters_.push_back(make(plan));
            continue;
        }
        clusters_.push_back(std::move(known->second));
        kept.emplace_back(clusters_.back().get(), &plan);
        old.erase(known);
    }
    for (auto& [name, cluster] : old) {
        cluster->retire();
        retired_.push_back(std::move(cluster));
    }
    // Last: requests that waited may go on inside these calls, and find everything in place.
    for (const auto& [cluster, plan] : kept) cluster->follow(*snapshot_, *plan);
    free_retired();
    if (!sweep_.is_set()) schedule_sweep();
}

void UpstreamConnections::close_idle() {
    for (const auto& cluster : clusters_) cluster->close_idle();
}

void UpstreamConnections::free_retired() {
    std::erase_if(retired_, [](const auto& cluster) { return !cluster->is_in_use(); });
}

std::size_t UpstreamConnections::idle_count() const {
    std::size_t count = 0;
    for (const auto& cluster : clusters_) count += cluster->idle_count();
    return count;
}

void UpstreamConnections::schedule_sweep() { sweep_.set(worker_.now() + sweep_interval); }

void UpstreamConnections::sweep() {
    free_retired();
    for (const auto& cluster : clusters_) cluster->close_idle_since(worker_.now());
    // What is in use now will be idle, perhaps with no further request that would see to it.
    const bool is_in_use = std::ranges::any_of(clusters_, [](const auto& cluster) { return cluster->is_in_use(); });
    if (is_in_use || idle_count() != 0 || !retired_.empty()) schedule_sweep();
}

}  // namespace sluice::proxy
