#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/metric_places.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/tls_totals.hpp"

namespace sluice::telemetry {

struct EndpointLabel {
    std::string cluster;
    std::string endpoint;
    auto operator<=>(const EndpointLabel&) const = default;
};

/// What a snapshot's routes and endpoints are called in metrics.
struct MetricLabels {
    std::vector<std::string> routes;
    std::vector<EndpointLabel> endpoints;
};

/// Place in the shards of each of a snapshot's routes and endpoints. The places are kept as long as a copy of the lease is.
struct MetricIndexes {
    std::vector<std::uint32_t> routes;
    std::vector<std::uint32_t> endpoints;
    std::shared_ptr<const void> lease;
};

struct RouteTotals {
    /// "" for requests that no route took.
    std::string route;
    std::array<std::uint64_t, status_classes> statuses{};
    std::array<std::uint64_t, latency_buckets> latencies{};
    std::uint64_t micros = 0;
};

struct EndpointTotals {
    EndpointLabel label;
    std::uint64_t requests = 0;
    std::uint64_t dialed = 0;
    std::uint64_t reused = 0;
    std::uint64_t retries = 0;
    std::uint64_t connect_failures = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t resets = 0;
    std::uint64_t bad_responses = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::int64_t active = 0;
    std::int64_t idle = 0;
};

struct WorkerTotals {
    std::uint64_t accepted = 0;
    std::int64_t connections = 0;
    std::int64_t requests = 0;
    std::uint64_t tunnels_opened = 0;
    std::int64_t tunnels = 0;
};

struct ContextTotals {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t overflows = 0;

    /// From 0 to 1; 1 before the first request.
    [[nodiscard]] double hit_rate() const;
};

/// The sum over all workers at one moment.
struct MetricTotals {
    std::vector<RouteTotals> routes;
    std::vector<EndpointTotals> endpoints;
    std::vector<WorkerTotals> workers;
    std::array<std::uint64_t, error_codes> refused{};
    ContextTotals contexts;
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t log_drops = 0;
    /// Of listeners with TLS; whoever asks for the page adds them.
    std::vector<TlsTotals> tls;

    [[nodiscard]] std::int64_t connections() const;
    [[nodiscard]] std::int64_t requests() const;
};

/// Owns the shards of all workers and adds them up. What a label has counted goes on over reloads that keep it; when nobody
/// holds a lease on it any more its place is given to another, so that memory does not grow with reloads.
///
/// Threading: any thread; workers touch their shard without it.
/// Lifetime:  outlives the leases.
class MetricsRegistry {
public:
    /// Gives every label its place: the old one where the label is known. The first snapshot's
    /// places are 0, 1, 2... in its order. A label that occurs twice gets "#2" the second time.
    [[nodiscard]] MetricIndexes intern(const MetricLabels& labels);

    /// A shard with room for every label known so far.
    [[nodiscard]] WorkerMetrics& add_worker();
    /// Its worker has ended. What it has counted stays in the sums; the next worker goes on with it.
    void remove_worker(WorkerMetrics& worker);

    /// Makes room for labels interned since. Called by the shard's own worker, before it uses them.
    void grow(WorkerMetrics& worker);

    [[nodiscard]] MetricTotals collect() const;
    /// Those of all workers, in no order.
    [[nodiscard]] std::vector<SlowRequest> slow_requests() const;

private:
    void release(const MetricIndexes& indexes);
    void grow_locked(WorkerMetrics& worker);
    static void add_shard(MetricTotals& totals, const WorkerMetrics& worker);

    mutable std::mutex mutex_;
    MetricPlaces<std::string, std::less<>> routes_;
    MetricPlaces<EndpointLabel, std::less<>> endpoints_;
    std::vector<std::unique_ptr<WorkerMetrics>> workers_;
    std::vector<WorkerMetrics*> without_worker_;
};

}  // namespace sluice::telemetry
