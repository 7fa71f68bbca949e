#include "telemetry/prometheus.hpp"

#include <numeric>

#include "telemetry/decimal.hpp"
#include "telemetry/prometheus_page.hpp"

namespace sluice::telemetry {
namespace {

constexpr std::array<std::string_view, status_classes> class_names{"none", "1xx", "2xx",
                                                                   "3xx",  "4xx", "5xx"};

std::string_view route_name(const RouteTotals& route) {
    return route.route.empty() ? "(none)" : std::string_view(route.route);
}

std::uint64_t count_of(const RouteTotals& route) {
    return std::accumulate(route.latencies.begin(), route.latencies.end(), std::uint64_t{0});
}

/// Routes that nobody has asked for are left out: a large configuration would make a page of
/// megabytes that says nothing.
void add_requests(Page& page, const MetricTotals& totals) {
    page.family("sluice_requests_total", "counter",
                "Requests by route and class of the response's status.");
    for (const RouteTotals& route : totals.routes) {
        for (std::size_t i = 0; i < status_classes; ++i) {
            if (route.statuses[i] == 0) continue;
            page.sample({{"route", route_name(route)}, {"code", class_names[i]}},
                        route.statuses[i]);
        }
    }
}

void add_histogram(Page& page, const RouteTotals& route) {
    const std::string_view name = route_name(route);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < latency_bounds.size(); ++i) {
        below += route.latencies[i];
        std::string bound;
        append_decimal(bound, static_cast<double>(latency_bounds[i]) / 1e6);
        page.sample("_bucket", {{"route", name}, {"le", bound}}, below);
    }
    const std::uint64_t count = below + route.latencies.back();
    page.sample("_bucket", {{"route", name}, {"le", "+Inf"}}, count);
    page.sample("_sum", {{"route", name}}, static_cast<double>(route.micros) / 1e6);
    page.sample("_count", {{"route", name}}, count);
}

void add_durations(Page& page, const MetricTotals& totals) {
    page.family("sluice_request_duration_seconds", "histogram",
                "Time from the first byte of a request to the last byte of its response.");
    for (const RouteTotals& route : totals.routes) {
        if (count_of(route) > 0) add_histogram(page, route);
    }
}

void add_clients(Page& page, const MetricTotals& totals) {
    page.single("sluice_requests_active", "gauge", "Requests under way.", totals.requests());
    page.family("sluice_connections_active", "gauge", "Client connections by worker.");
    for (std::size_t i = 0; i < totals.workers.size(); ++i) {
        page.sample({{"worker", std::to_string(i)}}, totals.workers[i].connections);
    }
    page.family("sluice_connections_accepted_total", "counter",
                "Client connections accepted by worker.");
    for (std::size_t i = 0; i < totals.workers.size(); ++i) {
        page.sample({{"worker", std::to_string(i)}}, totals.workers[i].accepted);
    }
    page.family("sluice_upgraded_connections_active", "gauge",
                "Client connections that changed to another protocol, by worker.");
    for (std::size_t i = 0; i < totals.workers.size(); ++i) {
        page.sample({{"worker", std::to_string(i)}}, totals.workers[i].tunnels);
    }
    page.family("sluice_upgraded_connections_total", "counter",
                "Connections that changed to another protocol, by worker.");
    for (std::size_t i = 0; i < totals.workers.size(); ++i) {
        page.sample({{"worker", std::to_string(i)}}, totals.workers[i].tunnels_opened);
    }
    page.family("sluice_refused_total", "counter",
                "Requests and connections turned away, by reason.");
    for (std::size_t i = 0; i < error_codes; ++i) {
        if (totals.refused[i] == 0) continue;
        page.sample({{"reason", name_of(static_cast<ErrorCode>(i))}}, totals.refused[i]);
    }
    page.family("sluice_client_bytes_total", "counter",
                "Bytes from and to clients, heads included.");
    page.sample({{"direction", "received"}}, totals.received_bytes);
    page.sample({{"direction", "sent"}}, totals.sent_bytes);
}

void add_tls(Page& page, const MetricTotals& totals) {
    if (totals.tls.empty()) return;
    page.family("sluice_tls_handshakes_total", "counter", "TLS handshakes with clients, by how they ended.");
    for (const TlsTotals& tls : totals.tls) {
        page.sample({{"listener", tls.listener}, {"result", "full"}}, tls.full);
        page.sample({{"listener", tls.listener}, {"result", "resumed"}}, tls.resumed);
        page.sample({{"listener", tls.listener}, {"result", "failed"}}, tls.failed);
        page.sample({{"listener", tls.listener}, {"result", "plain_http"}}, tls.plain_http);
    }
    page.family("sluice_tls_certificate_expiry_seconds", "gauge", "When a certificate expires, in seconds since 1970.");
    for (const TlsTotals& tls : totals.tls) {
        for (const auto& [file, expiry] : tls.certificates) {
            page.sample({{"listener", tls.listener}, {"certificate", file}}, expiry);
        }
    }
}

template <typename Number>
struct EndpointFamily {
    std::string_view name;
    std::string_view help;
    Number EndpointTotals::*value;
};

constexpr std::array<EndpointFamily<std::uint64_t>, 10> endpoint_counters{{
    {"sluice_upstream_requests_total", "Requests sent, retries included.",
     &EndpointTotals::requests},
    {"sluice_upstream_dialed_total", "Requests over a connection made for them.",
     &EndpointTotals::dialed},
    {"sluice_upstream_reused_total", "Requests over a connection from the idle pool.",
     &EndpointTotals::reused},
    {"sluice_upstream_retries_total", "Failed tries that were repeated.", &EndpointTotals::retries},
    {"sluice_upstream_connect_failures_total", "Connections that could not be made.",
     &EndpointTotals::connect_failures},
    {"sluice_upstream_timeouts_total", "Connects and responses that took too long.",
     &EndpointTotals::timeouts},
    {"sluice_upstream_resets_total", "Connections that broke before the response was complete.",
     &EndpointTotals::resets},
    {"sluice_upstream_bad_responses_total", "Responses that were no sound HTTP.",
     &EndpointTotals::bad_responses},
    {"sluice_upstream_sent_bytes_total", "Bytes sent to the endpoint.",
     &EndpointTotals::sent_bytes},
    {"sluice_upstream_received_bytes_total", "Bytes received from the endpoint.",
     &EndpointTotals::received_bytes},
}};

constexpr std::array<EndpointFamily<std::int64_t>, 2> endpoint_gauges{{
    {"sluice_upstream_connections_active", "Connections in use by a request.",
     &EndpointTotals::active},
    {"sluice_upstream_connections_idle", "Connections kept for reuse.", &EndpointTotals::idle},
}};

template <typename Families>
void add_endpoints(Page& page, std::string_view type, const Families& families,
                   const MetricTotals& totals) {
    for (const auto& family : families) {
        page.family(family.name, type, family.help);
        for (const EndpointTotals& endpoint : totals.endpoints) {
            page.sample(
                {{"cluster", endpoint.label.cluster}, {"endpoint", endpoint.label.endpoint}},
                endpoint.*family.value);
        }
    }
}

void add_pools(Page& page, const MetricTotals& totals) {
    const ContextTotals& contexts = totals.contexts;
    page.single("sluice_context_pool_hits_total", "counter",
                "Request contexts taken without an allocation.", contexts.hits);
    page.single("sluice_context_pool_misses_total", "counter",
                "Request contexts that cost an allocation.", contexts.misses);
    page.single("sluice_context_pool_overflows_total", "counter",
                "Misses above the pool's capacity.", contexts.overflows);
    page.single("sluice_context_pool_hit_ratio", "gauge", "Hits by hits and misses.",
                contexts.hit_rate());
    page.single("sluice_access_log_dropped_total", "counter",
                "Access log lines that could not be written.", totals.log_drops);
}

void add_process(Page& page, const ProcessNumbers& process) {
    page.family("sluice_build_info", "gauge", "Always 1; the labels say what is running.");
    page.sample({{"version", process.version}, {"poller", process.poller}}, 1);
    page.single("process_resident_memory_bytes", "gauge", "Memory in RAM.", process.resident_bytes);
    page.single("process_open_fds", "gauge", "Open descriptors or handles.", process.open_handles);
    if (process.handle_limit > 0) {
        page.single("process_max_fds", "gauge", "Descriptors that may be open.",
                    process.handle_limit);
    }
    page.single("process_cpu_seconds_total", "counter", "User and kernel time.",
                process.cpu_seconds);
    if (process.start_time > 0) {
        page.single("process_start_time_seconds", "gauge", "Start of the process since 1970.",
                    process.start_time);
    }
}

}  // namespace

std::string prometheus_text(const MetricTotals& totals, const ProcessNumbers& process) {
    Page page;
    add_requests(page, totals);
    add_durations(page, totals);
    add_clients(page, totals);
    add_tls(page, totals);
    add_endpoints(page, "counter", endpoint_counters, totals);
    add_endpoints(page, "gauge", endpoint_gauges, totals);
    add_pools(page, totals);
    add_process(page, process);
    return page.take();
}

}  // namespace sluice::telemetry
