#include "telemetry/status.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::telemetry;
using nlohmann::json;

namespace {

StatusFacts facts() {
    StatusFacts result;
    result.process = {
        .version = "0.1.0", .poller = "epoll", .resident_bytes = 1000, .open_handles = 7};
    result.uptime_seconds = 12.5;
    result.config = "/etc/sluice/\"odd\".json";
    result.listeners = {{"web", "127.0.0.1:8080"}, {"six", "[::1]:8080"}};
    return result;
}

}  // namespace

TEST_CASE("The status document is JSON with what runs and how it goes", "[telemetry]") {
    MetricsRegistry registry;
    const MetricIndexes kept = registry.intern({{"r"}, {{"a", "1:1"}, {"b", "2:2"}, {"a", "3:3"}}});
    WorkerMetrics& worker = registry.add_worker();
    static_cast<void>(registry.add_worker());
    worker.connection_opened();
    worker.request_started();
    worker.count_request(0, 200, 10);
    worker.count_refused(ErrorCode::BadPath);
    worker.count_upstream_request(2, false);
    worker.add_contexts(1, 1, 0);

    const json status = json::parse(status_document(facts(), registry.collect()));
    CHECK(status["version"] == "0.1.0");
    CHECK(status["state"] == "serving");
    CHECK(status["config"] == "/etc/sluice/\"odd\".json");
    CHECK(status["uptime_seconds"] == 12.5);
    CHECK(status["connections"] == 1);
    CHECK(status["requests"]["total"] == 1);
    CHECK(status["requests"]["refused"] == json{{"bad_path", 1}});
    CHECK(status["workers"].size() == 2);
    CHECK(status["workers"][0]["connections"] == 1);
    CHECK(status["listeners"][1]["address"] == "[::1]:8080");
    REQUIRE(status["clusters"].size() == 2);
    CHECK(status["clusters"][0]["name"] == "a");
    CHECK(status["clusters"][0]["endpoints"].size() == 2);
    CHECK(status["clusters"][0]["endpoints"][1]["dialed"] == 1);
    CHECK(status["contexts"]["hit_rate"] == 0.5);
}

TEST_CASE("The status document of an empty gateway is JSON too", "[telemetry]") {
    StatusFacts nothing;
    nothing.is_draining = true;
    const json status = json::parse(status_document(nothing, MetricTotals{}));
    CHECK(status["state"] == "draining");
    CHECK(status["workers"] == json::array());
    CHECK(status["clusters"] == json::array());
    CHECK(status["requests"]["refused"] == json::object());
}
