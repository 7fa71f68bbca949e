#include "telemetry/slow_requests.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

using namespace sluice::telemetry;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

AccessRecord record(std::int64_t time, std::string_view path = "/slow") {
    AccessRecord result;
    result.time_milliseconds = time;
    result.client = "192.0.2.1";
    result.method = "GET";
    result.host = "api.example.com";
    result.path = path;
    result.status = 200;
    result.stages = {.head = 12us, .route = 1us, .total = 1'500'000us};
    result.cluster = "orders";
    return result;
}

json document(const SlowRequests& slow, std::size_t most = SlowRequests::most) {
    std::vector<SlowRequest> list;
    slow.append_to(list);
    return json::parse(slow_document(std::move(list), most))["requests"];
}

}  // namespace

TEST_CASE("A slow request is told with its stages; those it did not reach are left out", "[telemetry]") {
    SlowRequests slow;
    slow.add(record(1'763'985'600'007));
    const json told = document(slow);
    REQUIRE(told.size() == 1);
    CHECK(told[0]["time"] == "2025-11-24T12:00:00.007Z");
    CHECK(told[0]["path"] == "/slow");
    CHECK(told[0]["cluster"] == "orders");
    CHECK_FALSE(told[0].contains("route"));
    CHECK(told[0]["micros"] == json{{"head", 12}, {"route", 1}, {"total", 1'500'000}});
}

TEST_CASE("The newest slow request comes first, and the oldest of too many are gone", "[telemetry]") {
    SlowRequests slow;
    for (int i = 0; i < 300; ++i) slow.add(record(i, "/" + std::to_string(i)));
    const json told = document(slow);
    REQUIRE(told.size() == SlowRequests::most);
    CHECK(told.front()["path"] == "/299");
    CHECK(told.back()["path"] == "/44");
    CHECK(document(slow, 10).size() == 10);
    CHECK(document(slow, 10).back()["path"] == "/290");
}

TEST_CASE("A long path is cut", "[telemetry]") {
    SlowRequests slow;
    slow.add(record(1, "/" + std::string(5000, 'x')));
    CHECK(document(slow)[0]["path"] == "/" + std::string(255, 'x'));
}
