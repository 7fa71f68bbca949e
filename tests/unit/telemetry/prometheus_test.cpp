#include "telemetry/prometheus.hpp"

#include <catch2/catch.hpp>

#include "exposition.hpp"

using namespace sluice;
using namespace sluice::telemetry;
using test::Exposition;

namespace {

ProcessNumbers process() {
    return {.version = "0.1.0",
            .poller = "epoll",
            .resident_bytes = 12'345'678,
            .open_handles = 42,
            .handle_limit = 20'000,
            .cpu_seconds = 1.25,
            .start_time = 1'763'985'600.5};
}

MetricTotals totals_of(const std::string& route) {
    MetricsRegistry registry;
    const MetricIndexes kept =
        registry.intern({{route, "idle"}, {{"shop", "10.0.0.1:80"}, {"shop", "unix:/a\"b"}}});
    WorkerMetrics& worker = registry.add_worker();
    for (const std::uint64_t micros : {100U, 600U, 20'000'000U}) {
        worker.request_started();
        worker.count_request(0, micros == 600 ? 502 : 200, micros);
    }
    worker.request_started();
    worker.count_request(no_route, 404, 10);
    worker.request_started();
    worker.connection_opened();
    worker.count_refused(ErrorCode::BadFraming);
    worker.count_upstream_request(1, true);
    worker.add_upstream_idle(1, 2);
    worker.add_contexts(3, 1, 0);
    return registry.collect();
}

}  // namespace

TEST_CASE("The metrics page follows the text format", "[telemetry]") {
    const std::string route = GENERATE("orders", "/orders/:id",
                                       "quote \" backslash \\ and\nnewline", "gr\xC3\xBC\xC3\x9F");
    const Exposition page(prometheus_text(totals_of(route), process()));
    CHECK(page.error().empty());
    CHECK(page.value("sluice_requests_total", {{"route", route}, {"code", "2xx"}}) == 2.0);
    CHECK(page.value("sluice_requests_total", {{"route", route}, {"code", "5xx"}}) == 1.0);
    CHECK(page.value("sluice_requests_total", {{"route", "(none)"}, {"code", "4xx"}}) == 1.0);
}

TEST_CASE("A page before the first request follows the format too", "[telemetry]") {
    const Exposition page(prometheus_text(MetricTotals{}, ProcessNumbers{}));
    CHECK(page.error().empty());
    CHECK(page.families().contains("sluice_requests_total"));
    CHECK_FALSE(page.families().contains("process_max_fds"));
}

TEST_CASE("Latency buckets are cumulative and end with the count", "[telemetry]") {
    const Exposition page(prometheus_text(totals_of("r"), process()));
    const std::string name = "sluice_request_duration_seconds";
    CHECK(page.value(name + "_bucket", {{"route", "r"}, {"le", "0.0005"}}) == 1.0);
    CHECK(page.value(name + "_bucket", {{"route", "r"}, {"le", "0.001"}}) == 2.0);
    CHECK(page.value(name + "_bucket", {{"route", "r"}, {"le", "0.0025"}}) == 2.0);
    CHECK(page.value(name + "_bucket", {{"route", "r"}, {"le", "10"}}) == 2.0);
    CHECK(page.value(name + "_bucket", {{"route", "r"}, {"le", "+Inf"}}) == 3.0);
    CHECK(page.value(name + "_count", {{"route", "r"}}) == 3.0);
    CHECK(page.value(name + "_sum", {{"route", "r"}}).value() == Approx(20.0007));
    std::size_t bounds = 0;
    for (const test::Sample& sample : page.families().at(name).samples) {
        if (sample.name.ends_with("_bucket") && sample.labels.at("route") == "r") ++bounds;
    }
    CHECK(bounds == 15);
}

TEST_CASE("Routes without requests take no room on the page", "[telemetry]") {
    CHECK(prometheus_text(totals_of("r"), process()).find("\"idle\"") == std::string::npos);
}

TEST_CASE("The page has gateway, upstreams, pools and process", "[telemetry]") {
    const Exposition page(prometheus_text(totals_of("r"), process()));
    const std::map<std::string, std::string> endpoint{{"cluster", "shop"},
                                                      {"endpoint", "unix:/a\"b"}};
    CHECK(page.value("sluice_requests_active") == 1.0);
    CHECK(page.value("sluice_connections_active", {{"worker", "0"}}) == 1.0);
    CHECK(page.value("sluice_connections_accepted_total", {{"worker", "0"}}) == 1.0);
    CHECK(page.value("sluice_refused_total", {{"reason", "bad_framing"}}) == 1.0);
    CHECK(page.value("sluice_upstream_requests_total", endpoint) == 1.0);
    CHECK(page.value("sluice_upstream_reused_total", endpoint) == 1.0);
    CHECK(page.value("sluice_upstream_connections_idle", endpoint) == 2.0);
    CHECK(page.value("sluice_context_pool_hits_total") == 3.0);
    CHECK(page.value("sluice_context_pool_hit_ratio") == 0.75);
    CHECK(page.value("sluice_build_info", {{"version", "0.1.0"}, {"poller", "epoll"}}) == 1.0);
    CHECK(page.value("process_resident_memory_bytes") == 12'345'678.0);
    CHECK(page.value("process_open_fds") == 42.0);
    CHECK(page.value("process_max_fds") == 20'000.0);
    CHECK(page.value("process_cpu_seconds_total") == 1.25);
    CHECK(page.value("process_start_time_seconds") == 1'763'985'600.5);
}

TEST_CASE("Counters end in _total and gauges do not", "[telemetry]") {
    const Exposition page(prometheus_text(totals_of("r"), process()));
    for (const auto& [name, family] : page.families()) {
        INFO(name);
        CHECK(name.ends_with("_total") == (family.type == "counter"));
    }
}
