#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "telemetry/counter.hpp"
#include "telemetry/slow_requests.hpp"

namespace sluice::telemetry {

/// Upper bounds of the latency buckets in microseconds; the last bucket has none.
inline constexpr std::array<std::uint32_t, 14> latency_bounds{
    500,     1'000,   2'500,   5'000,     10'000,    25'000,    50'000,
    100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};
inline constexpr std::size_t latency_buckets = latency_bounds.size() + 1;

[[nodiscard]] constexpr std::size_t latency_bucket(std::uint64_t micros) noexcept {
    std::size_t bucket = 0;
    for (const std::uint32_t bound : latency_bounds) bucket += micros > bound ? 1 : 0;
    return bucket;
}

/// 1xx to 5xx, and 0 for a request that got no response.
inline constexpr std::size_t status_classes = 6;

[[nodiscard]] constexpr std::size_t status_class(std::uint16_t status) noexcept {
    const std::size_t hundreds = status / 100U;
    return hundreds < status_classes ? hundreds : 0;
}

inline constexpr std::size_t error_codes = static_cast<std::size_t>(ErrorCode::Internal) + 1;

/// A request that no route took is counted under this index.
inline constexpr std::uint32_t no_route = std::numeric_limits<std::uint32_t>::max();

struct RouteMetrics {
    std::array<Counter, status_classes> statuses;
    std::array<Counter, latency_buckets> latencies;
    Counter micros;

    /// Begins anew, for another route.
    void clear() noexcept {
        for (Counter& counter : statuses) counter.set(0);
        for (Counter& counter : latencies) counter.set(0);
        micros.set(0);
    }
    void count(std::uint16_t status, std::uint64_t duration_micros) noexcept {
        statuses[status_class(status)].add(1);
        latencies[latency_bucket(duration_micros)].add(1);
        micros.add(duration_micros);
    }
};

struct EndpointMetrics {
    Counter requests;
    Counter dialed;
    Counter reused;
    Counter retries;
    Counter connect_failures;
    Counter timeouts;
    Counter resets;
    Counter bad_responses;
    Counter sent_bytes;
    Counter received_bytes;
    Gauge active;
    Gauge idle;

    void count_failure(ErrorCode code) noexcept;
    /// Begins anew, for another endpoint.
    void clear() noexcept {
        for (Counter* const counter : {&requests, &dialed, &reused, &retries, &connect_failures, &timeouts, &resets,
                                       &bad_responses, &sent_bytes, &received_bytes}) {
            counter->set(0);
        }
        active.set(0);
        idle.set(0);
    }
};

/// What one worker counts. The indexes of routes and endpoints are those that
/// MetricsRegistry::intern gave out.
///
/// Threading: changed by its worker alone, read by any thread through MetricsRegistry::collect.
/// Lifetime:  made by MetricsRegistry::add_worker, lives as long as the registry.
class alignas(64) WorkerMetrics {
public:
    WorkerMetrics() = default;
    WorkerMetrics(const WorkerMetrics&) = delete;
    WorkerMetrics& operator=(const WorkerMetrics&) = delete;

    void connection_opened() noexcept {
        accepted_.add(1);
        connections_.add(1);
    }
    void connection_closed() noexcept { connections_.add(-1); }

    /// A client connection that has changed to another protocol, such as WebSocket.
    void tunnel_opened() noexcept {
        tunnels_opened_.add(1);
        tunnels_.add(1);
    }
    void tunnel_closed() noexcept { tunnels_.add(-1); }

    void request_started() noexcept { requests_.add(1); }
    /// Ends what request_started began. `micros` from the first byte of the request to the last of
    /// the response; status 0 when the client got none.
    void count_request(std::uint32_t route, std::uint16_t status, std::uint64_t micros) noexcept {
        requests_.add(-1);
        (route == no_route ? without_route_ : *routes_[route]).count(status, micros);
    }
    /// A request or connection that was turned away, by its reason.
    void count_refused(ErrorCode reason) noexcept { refused_[std::to_underlying(reason)].add(1); }
    void add_client_bytes(std::uint64_t received, std::uint64_t sent) noexcept {
        received_bytes_.add(received);
        sent_bytes_.add(sent);
    }

    /// A request goes to an endpoint, over a connection dialed for it or one from the idle pool.
    void count_upstream_request(std::uint32_t endpoint, bool reused) noexcept {
        EndpointMetrics& counted = *endpoints_[endpoint];
        counted.requests.add(1);
        (reused ? counted.reused : counted.dialed).add(1);
    }
    void count_upstream_failure(std::uint32_t endpoint, ErrorCode code) noexcept {
        endpoints_[endpoint]->count_failure(code);
    }
    void count_retry(std::uint32_t endpoint) noexcept { endpoints_[endpoint]->retries.add(1); }
    void add_upstream_bytes(std::uint32_t endpoint, std::uint64_t sent,
                            std::uint64_t received = 0) noexcept {
        endpoints_[endpoint]->sent_bytes.add(sent);
        endpoints_[endpoint]->received_bytes.add(received);
    }
    /// Connections in use by requests, and in the idle pool: 1 or -1.
    void add_upstream_active(std::uint32_t endpoint, std::int64_t change) noexcept {
        endpoints_[endpoint]->active.add(change);
    }
    void add_upstream_idle(std::uint32_t endpoint, std::int64_t change) noexcept {
        endpoints_[endpoint]->idle.add(change);
    }

    /// The context pool counts by itself; its worker adds here what has come since it did so last.
    void add_contexts(std::uint64_t hits, std::uint64_t misses, std::uint64_t overflows) noexcept {
        context_hits_.add(hits);
        context_misses_.add(misses);
        context_overflows_.add(overflows);
    }
    /// Access log lines that were dropped.
    void add_log_drops(std::uint64_t drops) noexcept { log_drops_.add(drops); }

    /// For requests that took longer than they should.
    [[nodiscard]] SlowRequests& slow_requests() noexcept { return slow_requests_; }

private:
    friend class MetricsRegistry;

    Counter accepted_;
    Gauge connections_;
    Gauge requests_;
    Counter tunnels_opened_;
    Gauge tunnels_;
    Counter received_bytes_;
    Counter sent_bytes_;
    Counter context_hits_;
    Counter context_misses_;
    Counter context_overflows_;
    Counter log_drops_;
    SlowRequests slow_requests_;
    RouteMetrics without_route_;
    std::array<Counter, error_codes> refused_;
    /// Behind pointers, so that they stay where they are when a reload adds to them.
    std::vector<std::unique_ptr<RouteMetrics>> routes_;
    std::vector<std::unique_ptr<EndpointMetrics>> endpoints_;
};

inline void EndpointMetrics::count_failure(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::ConnectRefused:
        case ErrorCode::TlsRefused:
            connect_failures.add(1);
            break;
        case ErrorCode::ConnectTimeout:
        case ErrorCode::ResponseTimeout:
        case ErrorCode::TimedOut:
            timeouts.add(1);
            break;
        case ErrorCode::BadResponse:
        case ErrorCode::BadFraming:
            bad_responses.add(1);
            break;
        default:
            resets.add(1);
            break;
    }
}

}  // namespace sluice::telemetry
