#include "telemetry/metrics.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <numeric>
#include <thread>

#include "telemetry/metrics_registry.hpp"

using namespace sluice;
using namespace sluice::telemetry;

namespace {

using Indexes = std::vector<std::uint32_t>;

MetricLabels labels() {
    return {{"orders", "users"}, {{"shop", "10.0.0.1:80"}, {"shop", "10.0.0.2:80"}}};
}

}  // namespace

TEST_CASE("A duration falls into the first bucket that is not below it", "[telemetry]") {
    const auto [micros, bucket] = GENERATE(table<std::uint64_t, std::size_t>({
        {0, 0},
        {500, 0},
        {501, 1},
        {1'000, 1},
        {1'001, 2},
        {10'000'000, 13},
        {10'000'001, 14},
        {~std::uint64_t{0}, 14},
    }));
    CHECK(latency_bucket(micros) == bucket);
}

TEST_CASE("A status belongs to the class of its first digit", "[telemetry]") {
    const auto [status, which] = GENERATE(table<std::uint16_t, std::size_t>({
        {0, 0},
        {101, 1},
        {200, 2},
        {299, 2},
        {308, 3},
        {404, 4},
        {599, 5},
        {600, 0},
        {65535, 0},
    }));
    CHECK(status_class(status) == which);
}

TEST_CASE("The shards of all workers are added up", "[telemetry]") {
    MetricsRegistry registry;
    const MetricIndexes kept = registry.intern(labels());
    WorkerMetrics& one = registry.add_worker();
    WorkerMetrics& two = registry.add_worker();
    one.connection_opened();
    one.connection_opened();
    one.connection_closed();
    two.connection_opened();
    one.request_started();
    one.request_started();
    two.request_started();
    one.count_request(1, 204, 700);
    two.count_request(1, 200, 300);
    two.count_refused(ErrorCode::BadHost);
    one.add_client_bytes(10, 20);
    two.add_client_bytes(1, 2);
    one.add_contexts(9, 1, 0);
    two.add_contexts(8, 2, 1);
    two.add_log_drops(3);

    const MetricTotals totals = registry.collect();
    REQUIRE(totals.routes.size() == 3);
    CHECK(totals.routes[0].statuses[2] == 0);
    CHECK(totals.routes[1].route == "users");
    CHECK(totals.routes[1].statuses[2] == 2);
    CHECK(totals.routes[1].latencies[0] == 1);
    CHECK(totals.routes[1].latencies[1] == 1);
    CHECK(totals.routes[1].micros == 1000);
    CHECK(totals.connections() == 2);
    CHECK(totals.requests() == 1);
    CHECK(totals.workers.at(0).accepted == 2);
    CHECK(totals.workers.at(1).connections == 1);
    CHECK(totals.refused[static_cast<std::size_t>(ErrorCode::BadHost)] == 1);
    CHECK(totals.received_bytes == 11);
    CHECK(totals.sent_bytes == 22);
    CHECK(totals.contexts.hits == 17);
    CHECK(totals.contexts.overflows == 1);
    CHECK(totals.contexts.hit_rate() == Approx(0.85));
    CHECK(totals.log_drops == 3);
}

TEST_CASE("A request that no route took is counted by itself", "[telemetry]") {
    MetricsRegistry registry;
    WorkerMetrics& worker = registry.add_worker();
    worker.request_started();
    worker.count_request(no_route, 404, 1);
    const MetricTotals totals = registry.collect();
    CHECK(totals.routes.back().route.empty());
    CHECK(totals.routes.back().statuses[4] == 1);
}

TEST_CASE("What upstreams do is counted per endpoint", "[telemetry]") {
    MetricsRegistry registry;
    const MetricIndexes kept = registry.intern(labels());
    WorkerMetrics& worker = registry.add_worker();
    worker.count_upstream_request(1, true);
    worker.count_upstream_request(1, false);
    worker.count_upstream_request(1, false);
    worker.count_retry(1);
    worker.add_upstream_active(1, 1);
    worker.add_upstream_idle(1, 1);
    worker.add_upstream_idle(1, -1);
    worker.add_upstream_bytes(1, 100, 200);
    const EndpointTotals endpoint = registry.collect().endpoints.at(1);
    CHECK(endpoint.label == EndpointLabel{"shop", "10.0.0.2:80"});
    CHECK(endpoint.requests == 3);
    CHECK(endpoint.reused == 1);
    CHECK(endpoint.dialed == 2);
    CHECK(endpoint.retries == 1);
    CHECK(endpoint.active == 1);
    CHECK(endpoint.idle == 0);
    CHECK(endpoint.sent_bytes == 100);
    CHECK(endpoint.received_bytes == 200);
}

TEST_CASE("A failure of an upstream is counted by its kind", "[telemetry]") {
    struct Row {
        ErrorCode code;
        std::uint64_t EndpointTotals::*counter;
    };
    const Row row = GENERATE(values<Row>({
        {ErrorCode::ConnectRefused, &EndpointTotals::connect_failures},
        {ErrorCode::ConnectTimeout, &EndpointTotals::timeouts},
        {ErrorCode::ResponseTimeout, &EndpointTotals::timeouts},
        {ErrorCode::BadResponse, &EndpointTotals::bad_responses},
        {ErrorCode::UpstreamClosed, &EndpointTotals::resets},
        {ErrorCode::Closed, &EndpointTotals::resets},
    }));
    MetricsRegistry registry;
    const MetricIndexes kept = registry.intern(labels());
    registry.add_worker().count_upstream_failure(0, row.code);
    const EndpointTotals endpoint = registry.collect().endpoints.at(0);
    CHECK(endpoint.*row.counter == 1);
    CHECK(endpoint.connect_failures + endpoint.timeouts + endpoint.bad_responses +
              endpoint.resets ==
          1);
}

TEST_CASE("The first snapshot's labels have their own order as places", "[telemetry]") {
    MetricsRegistry registry;
    const MetricIndexes indexes =
        registry.intern({{"b", "a", "b", "b"}, {{"x", "1"}, {"x", "1"}, {"y", "1"}}});
    CHECK(indexes.routes == Indexes{0, 1, 2, 3});
    CHECK(indexes.endpoints == Indexes{0, 1, 2});
    static_cast<void>(registry.add_worker());
    const MetricTotals totals = registry.collect();
    CHECK(totals.routes.at(2).route == "b#2");
    CHECK(totals.routes.at(3).route == "b#3");
    CHECK(totals.endpoints.at(1).label.endpoint == "1#2");
}

TEST_CASE("Counters go on over a reload", "[telemetry]") {
    MetricsRegistry registry;
    const MetricIndexes kept = registry.intern({{"kept", "gone"}, {}});
    WorkerMetrics& worker = registry.add_worker();
    worker.request_started();
    worker.count_request(0, 200, 5);
    const MetricIndexes indexes = registry.intern({{"new", "kept"}, {{"c", "e"}}});
    CHECK(indexes.routes == Indexes{2, 0});
    CHECK(registry.collect().routes.size() == 4);
    registry.grow(worker);
    worker.request_started();
    worker.count_request(indexes.routes[0], 200, 5);
    worker.request_started();
    worker.count_request(indexes.routes[1], 200, 5);
    const MetricTotals totals = registry.collect();
    CHECK(totals.routes[0].statuses[2] == 2);
    CHECK(totals.routes[2].statuses[2] == 1);
}

TEST_CASE("A label that nobody uses any more is forgotten, and its place begins anew for another", "[telemetry]") {
    MetricsRegistry registry;
    MetricIndexes first = registry.intern({{"gone", "kept"}, {{"c", "gone"}}});
    WorkerMetrics& worker = registry.add_worker();
    worker.request_started();
    worker.count_request(0, 200, 5);
    worker.count_retry(0);
    MetricIndexes second = registry.intern({{"kept"}, {}});
    CHECK(registry.collect().routes.size() == 3);
    first = {};
    const MetricTotals totals = registry.collect();
    REQUIRE(totals.routes.size() == 2);
    CHECK(totals.routes[0].route == "kept");
    CHECK(totals.endpoints.empty());
    const MetricIndexes third = registry.intern({{"kept", "new"}, {{"c", "new"}}});
    CHECK(third.routes == Indexes{1, 0});
    CHECK(registry.collect().routes[0].statuses[2] == 0);
    CHECK(registry.collect().endpoints.at(0).retries == 0);
}

TEST_CASE("A worker that comes after another has ended goes on with its numbers", "[telemetry]") {
    MetricsRegistry registry;
    WorkerMetrics& first = registry.add_worker();
    first.connection_opened();
    registry.remove_worker(first);
    CHECK(&registry.add_worker() == &first);
    CHECK(registry.collect().workers.size() == 1);
}

TEST_CASE("A hit rate without requests is one", "[telemetry]") {
    CHECK(ContextTotals{}.hit_rate() == 1.0);
}

TEST_CASE("Workers count while another thread reads and labels are added", "[telemetry]") {
    constexpr std::uint64_t requests = 20'000;
    MetricsRegistry registry;
    const MetricIndexes kept = registry.intern(labels());
    std::atomic<int> running{2};
    const auto work = [&](WorkerMetrics& worker) {
        for (std::uint64_t i = 0; i < requests; ++i) {
            worker.request_started();
            worker.count_request(static_cast<std::uint32_t>(i % 2), 200, i);
            if (i % 1000 == 0) registry.grow(worker);
        }
        --running;
    };
    std::thread one(work, std::ref(registry.add_worker()));
    std::thread two(work, std::ref(registry.add_worker()));
    std::uint64_t last = 0;
    for (std::uint32_t round = 0; running > 0; ++round) {
        if (round < 50)
            static_cast<void>(registry.intern({{"route " + std::to_string(round)}, {}}));
        const std::uint64_t now = registry.collect().routes[0].statuses[2];
        CHECK(now >= last);
        last = now;
    }
    one.join();
    two.join();
    const MetricTotals totals = registry.collect();
    CHECK(totals.routes[0].statuses[2] + totals.routes[1].statuses[2] == 2 * requests);
    CHECK(totals.requests() == 0);
}
