#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "app/admin_access.hpp"
#include "app/admin_operations.hpp"
#include "app/admin_token.hpp"
#include "app/in_force.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "platform/shared_listener.hpp"
#include "proxy/local_service.hpp"
#include "telemetry/metrics_registry.hpp"
#include "telemetry/status.hpp"

namespace sluice::app {

/// Answers the admin listener: finds the operation, asks who may use it, and logs every change and every refusal.
///
/// Threading: `answer` runs on a worker; `set_draining` on any thread; all else on the main thread.
/// Lifetime:  the metrics, what is in force and the log outlive it.
class Admin {
public:
    /// `config` is what /status calls the configuration: a file, or "embedded".
    Admin(const telemetry::MetricsRegistry& metrics, const InForce& in_force, std::string config, RequestReload reload,
          RequestUpgrade upgrade, const Log& log);

    /// From now on these settings hold, for a listener that is bound at `address`. Makes the token, unless the configuration has
    /// one. Before the listener accepts.
    void use(const config::Admin& settings, const platform::ListenAddress& address);

    [[nodiscard]] net::Task<proxy::LocalResponse> answer(const proxy::LocalRequest& request);

    /// The token that was made: who has its file.
    [[nodiscard]] AdminToken& token() { return token_; }

    /// From now on /readyz says 503, so that load balancers look elsewhere.
    void set_draining() { draining_.store(true, std::memory_order_relaxed); }

private:
    [[nodiscard]] std::optional<Refusal> refusal_of(const AdminCall& call, const AdminMatch& match, std::string_view path);
    void log_change(const AdminCall& call, const proxy::LocalRequest& request, std::uint16_t status) const;
    void log_refusal(const AdminCall& call, const proxy::LocalRequest& request, std::uint16_t status, std::string_view reason) const;
    [[nodiscard]] std::string metrics_page() const;
    [[nodiscard]] std::string status_page() const;
    [[nodiscard]] telemetry::ProcessNumbers process_numbers() const;

    const telemetry::MetricsRegistry& metrics_;
    const InForce& in_force_;
    std::string config_;
    const Log& log_;
    AdminAccess access_;
    AdminToken token_;
    AdminServices services_;
    TimePoint started_ = Clock::now();
    std::int64_t started_milliseconds_;
    std::atomic<bool> draining_{false};
};

}  // namespace sluice::app
