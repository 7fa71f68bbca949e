#include "app/admin.hpp"

#include <utility>

#include "app/cluster_report.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "platform/poller.hpp"
#include "platform/process_facts.hpp"

namespace sluice::app {
namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";

constexpr const char* index_page =
    "Sluice admin\n"
    "/healthz  200 while the process runs\n"
    "/readyz   200 while it takes requests, 503 while it drains\n"
    "/metrics  counters and histograms in Prometheus' text format\n"
    "/status   the same for people and scripts, as JSON\n";

}  // namespace

Admin::Admin(const telemetry::MetricsRegistry& metrics, const InForce& in_force, std::string config)
    : metrics_(metrics), in_force_(in_force), config_(std::move(config)), started_milliseconds_(wall_clock_milliseconds()) {}

net::Task<proxy::LocalResponse> Admin::answer(const proxy::LocalRequest& request) const {
    if (request.body_error != nullptr) co_return proxy::plain_error(*request.body_error);
    co_return page(request);
}

proxy::LocalResponse Admin::page(const proxy::LocalRequest& request) const {
    const http::Method method = request.head.method;
    if (method != http::Method::Get && method != http::Method::Head) {
        return {405, plain_text, "405 Method Not Allowed\nthe admin listener only answers GET\n", {}};
    }
    const std::string_view path = request.head.path;
    if (path == "/healthz") return {200, plain_text, "ok\n", {}};
    if (path == "/readyz") return readiness();
    if (path == "/metrics") {
        return {200, std::string(telemetry::prometheus_content_type), metrics_page(), {}};
    }
    if (path == "/status") return {200, "application/json", status_page(), {}};
    if (path == "/") return {200, plain_text, index_page, {}};
    return {404, plain_text, std::string("404 Not Found\n") + index_page, {}};
}

proxy::LocalResponse Admin::readiness() const {
    if (draining_.load(std::memory_order_relaxed)) return {503, plain_text, "draining\n", {}};
    return {200, plain_text, "ready\n", {}};
}

telemetry::ProcessNumbers Admin::process_numbers() const {
    const platform::ProcessFacts facts = platform::read_process_facts();
    return {version,
            platform::poller_name(),
            facts.resident_bytes,
            facts.open_handles,
            facts.handle_limit,
            facts.cpu_seconds,
            static_cast<double>(started_milliseconds_) / 1000.0};
}

std::string Admin::metrics_page() const {
    const InForce::View view = in_force_.view();
    return telemetry::prometheus_text(metrics_.collect(), process_numbers()) +
           telemetry::prometheus_clusters(cluster_report(*view.snapshot, Clock::now())) +
           telemetry::prometheus_reloads(view.reload);
}

std::string Admin::status_page() const {
    const InForce::View view = in_force_.view();
    telemetry::StatusFacts facts;
    facts.process = process_numbers();
    facts.uptime_seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    facts.config = config_;
    facts.is_draining = draining_.load(std::memory_order_relaxed);
    facts.listeners = view.listeners;
    facts.clusters = cluster_report(*view.snapshot, Clock::now());
    facts.reload = view.reload;
    return telemetry::status_document(facts, metrics_.collect());
}

}  // namespace sluice::app
