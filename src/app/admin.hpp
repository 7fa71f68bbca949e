#pragma once

#include <atomic>
#include <string>

#include "base/clock.hpp"
#include "proxy/local_service.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/metrics.hpp"

namespace sluice::app {

/// Answers the admin listener: /healthz, /readyz, /metrics, /status. Read only.
///
/// Threading: `answer` runs on a worker, `set_draining` on any thread.
/// Lifetime:  snapshot and metrics outlive it.
class Admin {
public:
    Admin(const proxy::Snapshot& snapshot, const telemetry::MetricsRegistry& metrics, std::string config_source);

    [[nodiscard]] proxy::LocalResponse answer(const proxy::LocalRequest& request) const;

    /// From now on /readyz says 503, so that load balancers look elsewhere.
    void set_draining() { draining_.store(true, std::memory_order_relaxed); }

private:
    [[nodiscard]] proxy::LocalResponse ready() const;
    [[nodiscard]] std::string metrics_page() const;
    [[nodiscard]] std::string status_page() const;

    const proxy::Snapshot& snapshot_;
    const telemetry::MetricsRegistry& metrics_;
    std::string config_source_;
    TimePoint started_ = Clock::now();
    std::atomic<bool> draining_{false};
};

/// What the metrics call the routes and endpoints of a snapshot.
[[nodiscard]] telemetry::MetricNames metric_names(const proxy::Snapshot& snapshot);

}  // namespace sluice::app
