#include "telemetry/metrics_registry.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

namespace sluice::telemetry {
namespace {

struct ByLabel {
    bool operator()(const EndpointLabel& a, const EndpointLabel& b) const {
        return std::tie(a.cluster, a.endpoint) < std::tie(b.cluster, b.endpoint);
    }
    bool operator()(const std::string& a, const std::string& b) const { return a < b; }
};

std::string& text_of(std::string& label) {
    return label;
}
std::string& text_of(EndpointLabel& label) {
    return label.endpoint;
}

/// Finds or gives each of `labels` its place in `known`.
template <typename Label>
std::vector<std::uint32_t> places(const std::vector<Label>& labels, std::vector<Label>& known) {
    std::map<Label, std::uint32_t, ByLabel> index;
    for (std::uint32_t i = 0; i < known.size(); ++i) index.emplace(known[i], i);
    std::map<Label, std::uint32_t, ByLabel> seen;
    std::vector<std::uint32_t> result;
    for (Label label : labels) {
        const std::uint32_t times = ++seen[label];
        if (times > 1) text_of(label) += "#" + std::to_string(times);
        const auto [entry, is_new] = index.emplace(label, static_cast<std::uint32_t>(known.size()));
        if (is_new) known.push_back(label);
        result.push_back(entry->second);
    }
    return result;
}

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
    return {places(labels.routes, routes_), places(labels.endpoints, endpoints_)};
}

WorkerMetrics& MetricsRegistry::add_worker() {
    const std::lock_guard lock(mutex_);
    workers_.push_back(std::make_unique<WorkerMetrics>());
    grow_locked(*workers_.back());
    return *workers_.back();
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

MetricTotals MetricsRegistry::collect() const {
    const std::lock_guard lock(mutex_);
    MetricTotals totals;
    totals.routes.resize(routes_.size() + 1);
    for (std::size_t i = 0; i < routes_.size(); ++i) totals.routes[i].route = routes_[i];
    totals.endpoints.resize(endpoints_.size());
    for (std::size_t i = 0; i < endpoints_.size(); ++i) totals.endpoints[i].label = endpoints_[i];
    for (const auto& worker : workers_) add_shard(totals, *worker);
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
