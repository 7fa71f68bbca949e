#pragma once

#include <atomic>
#include <string>

#include "app/in_force.hpp"
#include "base/clock.hpp"
#include "proxy/local_service.hpp"
#include "telemetry/metrics_registry.hpp"
#include "telemetry/status.hpp"

namespace sluice::app {

/// Answers the admin listener: /healthz, /readyz, /metrics, /status. Read only.
///
/// Threading: `answer` runs on a worker, `set_draining` on any thread, all else before the workers start.
/// Lifetime:  the metrics and what is in force outlive it.
class Admin {
public:
    /// `config` is what /status calls the configuration: a file, or "embedded".
    Admin(const telemetry::MetricsRegistry& metrics, const InForce& in_force, std::string config);

    [[nodiscard]] net::Task<proxy::LocalResponse> answer(const proxy::LocalRequest& request) const;

    /// From now on /readyz says 503, so that load balancers look elsewhere.
    void set_draining() { draining_.store(true, std::memory_order_relaxed); }

private:
    [[nodiscard]] proxy::LocalResponse page(const proxy::LocalRequest& request) const;
    [[nodiscard]] proxy::LocalResponse readiness() const;
    [[nodiscard]] std::string metrics_page() const;
    [[nodiscard]] std::string status_page() const;
    [[nodiscard]] telemetry::ProcessNumbers process_numbers() const;

    const telemetry::MetricsRegistry& metrics_;
    const InForce& in_force_;
    std::string config_;
    TimePoint started_ = Clock::now();
    std::int64_t started_milliseconds_;
    std::atomic<bool> draining_{false};
};

}  // namespace sluice::app
