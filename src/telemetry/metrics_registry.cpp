#include "telemetry/metrics_registry.hpp"

#include <cstddef>
#include <memory>

namespace sluice::telemetry {
namespace {

void add(RouteTotals& totals, const RouteMetrics& shard) {
    for (std::size_t i = 0; i < status_classes; ++i)
        totals.statuses[i] += shard.statuses[i].value();
    for (std::size_t i = 0; i < latency_buckets; ++i)
        totals.latencies[i] += shard.latencies[i].value();
    totals.micros += shard.micros.value();
}

void add(EndpointTotals& totals, const EndpointMetrics& shard) {
    totals.requests += shard.requests.value();
    totals.dialed += shard.dialed.value();
    totals.reused += shard.reused.value();
    totals.retries += shard.retries.value();
    totals.connect_failures += shard.connect_failures.value();
    totals.timeouts += shard.timeouts.value();
    totals.resets += shard.resets.value();
    totals.bad_responses += shard.bad_responses.value();
    totals.sent_bytes += shard.sent_bytes.value();
    totals.received_bytes += shard.received_bytes.value();
    totals.active += shard.active.value();
    totals.idle += shard.idle.value();
}

}  // namespace

double ContextTotals::hit_rate() const {
    const std::uint64_t all = hits + misses;
    return all == 0 ? 1.0 : static_cast<double>(hits) / static_cast<double>(all);
}

std::int64_t MetricTotals::connections() const {
    std::int64_t sum = 0;
    for (const WorkerTotals& worker : workers) sum += worker.connections;
    return sum;
}

std::int64_t MetricTotals::requests() const {
    std::int64_t sum = 0;
    for (const WorkerTotals& worker : workers) sum += worker.requests;
    return sum;
}

MetricIndexes MetricsRegistry::intern(const MetricLabels& labels) {
    const std::lock_guard lock(mutex_);
    MetricIndexes indexes{routes_.take(labels.routes), endpoints_.take(labels.endpoints), nullptr};
    auto* const taken = new MetricIndexes(indexes);
    indexes.lease = std::shared_ptr<const void>(taken, [this](const void* given) {
        const std::unique_ptr<const MetricIndexes> back(static_cast<const MetricIndexes*>(given));
        release(*back);
    });
    return indexes;
}

/// Nobody writes to places without a lease, so they can be cleared for the next label.
void MetricsRegistry::release(const MetricIndexes& indexes) {
    const std::lock_guard lock(mutex_);
    for (const std::uint32_t place : indexes.routes) {
        if (!routes_.give_back(place)) continue;
        for (const auto& worker : workers_) {
            if (place < worker->routes_.size()) worker->routes_[place]->clear();
        }
    }
    for (const std::uint32_t place : indexes.endpoints) {
        if (!endpoints_.give_back(place)) continue;
        for (const auto& worker : workers_) {
            if (place < worker->endpoints_.size()) worker->endpoints_[place]->clear();
        }
    }
}

WorkerMetrics& MetricsRegistry::add_worker() {
    const std::lock_guard lock(mutex_);
    if (without_worker_.empty()) {
        workers_.push_back(std::make_unique<WorkerMetrics>());
        without_worker_.push_back(workers_.back().get());
    }
    WorkerMetrics& worker = *without_worker_.back();
    without_worker_.pop_back();
    grow_locked(worker);
    return worker;
}

void MetricsRegistry::remove_worker(WorkerMetrics& worker) {
    const std::lock_guard lock(mutex_);
    without_worker_.push_back(&worker);
}

void MetricsRegistry::grow(WorkerMetrics& worker) {
    const std::lock_guard lock(mutex_);
    grow_locked(worker);
}

void MetricsRegistry::grow_locked(WorkerMetrics& worker) {
    while (worker.routes_.size() < routes_.size())
        worker.routes_.push_back(std::make_unique<RouteMetrics>());
    while (worker.endpoints_.size() < endpoints_.size()) {
        worker.endpoints_.push_back(std::make_unique<EndpointMetrics>());
    }
}

std::vector<SlowRequest> MetricsRegistry::slow_requests() const {
    const std::lock_guard lock(mutex_);
    std::vector<SlowRequest> list;
    for (const auto& worker : workers_) worker->slow_requests_.append_to(list);
    return list;
}

MetricTotals MetricsRegistry::collect() const {
    const std::lock_guard lock(mutex_);
    MetricTotals totals;
    totals.routes.resize(routes_.size() + 1);
    totals.endpoints.resize(endpoints_.size());
    for (const auto& worker : workers_) add_shard(totals, *worker);
    for (std::size_t i = routes_.size(); i-- > 0;) {
        if (const std::string* const label = routes_.label(i)) {
            totals.routes[i].route = *label;
        } else {
            totals.routes.erase(totals.routes.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    for (std::size_t i = endpoints_.size(); i-- > 0;) {
        if (const EndpointLabel* const label = endpoints_.label(i)) {
            totals.endpoints[i].label = *label;
        } else {
            totals.endpoints.erase(totals.endpoints.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    return totals;
}

void MetricsRegistry::add_shard(MetricTotals& totals, const WorkerMetrics& worker) {
    for (std::size_t i = 0; i < worker.routes_.size(); ++i)
        add(totals.routes[i], *worker.routes_[i]);
    add(totals.routes.back(), worker.without_route_);
    for (std::size_t i = 0; i < worker.endpoints_.size(); ++i)
        add(totals.endpoints[i], *worker.endpoints_[i]);
    for (std::size_t i = 0; i < error_codes; ++i) totals.refused[i] += worker.refused_[i].value();
    totals.workers.push_back({worker.accepted_.value(), worker.connections_.value(), worker.requests_.value(),
                              worker.tunnels_opened_.value(), worker.tunnels_.value()});
    totals.contexts.hits += worker.context_hits_.value();
    totals.contexts.misses += worker.context_misses_.value();
    totals.contexts.overflows += worker.context_overflows_.value();
    totals.received_bytes += worker.received_bytes_.value();
    totals.sent_bytes += worker.sent_bytes_.value();
    totals.log_drops += worker.log_drops_.value();
}

}  // namespace sluice::telemetry
