#include <catch2/catch.hpp>
#include <string>

#include "config/parse.hpp"
#include "unit/config/text_file.hpp"

namespace sluice::config {

using namespace std::chrono_literals;

TEST_CASE("every key reaches its member of the model", "[config]") {
    const auto parsed = parse(
        test::read_text(test::source_path("tests/data/config/every_key.json")), "every_key.json");
    REQUIRE(parsed);
    const Config& config = *parsed;
    CHECK(config.workers == 4);

    REQUIRE(config.listeners.size() == 2);
    CHECK(config.listeners[0].name == "web");
    CHECK(config.listeners[0].address == Address{Address::Kind::Ipv4, "127.0.0.1", 8080});
    CHECK(config.listeners[0].backlog == 512);
    CHECK(config.listeners[0].position.line == 5);
    CHECK(config.listeners[1].name == "[::1]:8081");

    REQUIRE(config.routes.size() == 3);
    const Route& order = config.routes[0];
    CHECK(order.name == "order");
    CHECK(order.position.line == 9);
    CHECK(order.position.column == 5);
    CHECK(order.match.host == "*.example.com");
    CHECK(order.match.path == "/api/orders/:id");
    CHECK(order.match.methods == std::vector<std::string>{"GET", "PUT"});
    REQUIRE(order.match.headers.size() == 2);
    CHECK(order.match.headers[0].name == "X-Canary");
    CHECK(order.match.headers[0].value == "1");
    CHECK(order.match.headers[1].value == std::nullopt);
    REQUIRE(order.match.query.size() == 1);
    CHECK(order.match.query[0].name == "debug");
    const auto& forward = std::get<Forward>(order.action);
    CHECK(forward.cluster == "orders");
    CHECK(forward.timeout == 1500ms);
    CHECK(forward.host == "endpoint");
    CHECK(forward.strip_prefix == "/api");
    CHECK(order.request_headers.set.at(0).name == "X-Area");
    CHECK(order.request_headers.add.at(0).value == "a, b");
    CHECK(order.request_headers.remove == std::vector<std::string>{"Cookie"});
    CHECK(order.response_headers.remove == std::vector<std::string>{"Server"});
    CHECK(order.max_body_bytes == 64 * 1024 * 1024);
    CHECK(order.metadata.at("team") == "shop");

    const auto& respond = std::get<Respond>(config.routes[1].action);
    CHECK(respond.status == 503);
    CHECK(respond.body == "later\n");
    CHECK(respond.headers.at(0).value == "60");
    const auto& redirect = std::get<Redirect>(config.routes[2].action);
    CHECK(redirect.status == 301);
    CHECK(redirect.location == "https://example.com/new");

    REQUIRE(config.clusters.size() == 1);
    const Cluster& cluster = config.clusters[0];
    CHECK(cluster.name == "orders");
    CHECK(cluster.balance == Balance::RoundRobin);
    CHECK(cluster.endpoints.at(0).weight == 2);
    CHECK(cluster.endpoints.at(1).address.kind == Address::Kind::Name);
    CHECK(cluster.connect_timeout == 2s);
    CHECK(cluster.idle_timeout == 20s);
    CHECK(cluster.max_idle == 64);
    CHECK(cluster.read_timeout == 30s);

    CHECK(config.limits.headers == 50);
    CHECK(config.limits.header_bytes == 16384);
    CHECK(config.limits.request_line_bytes == 8192);
    CHECK(config.limits.keepalive == 10s);
    CHECK(config.limits.head_timeout == 11s);
    CHECK(config.limits.body_idle == 12s);
    CHECK(config.limits.min_rate == 100);
    CHECK(config.limits.min_rate_grace == 3s);
    CHECK(config.limits.drain == 5s);
    CHECK(config.limits.contexts == 200);
    CHECK(config.limits.connections == 300);
    CHECK(config.limits.connections_per_client == 10);
    CHECK(config.limits.requests_per_connection == 1000);

    CHECK(config.forwarding.trusted_proxies.size() == 2);
    CHECK_FALSE(config.forwarding.x_forwarded);
    CHECK(config.forwarding.forwarded);
    CHECK(config.forwarding.via == "edge");
    CHECK(config.forwarding.request_id_header == "X-Trace");
    CHECK(config.log.level == LogSettings::Level::Warn);
    CHECK(config.log.format == LogSettings::Format::Json);
    CHECK(config.log.access == "stdout");
    CHECK_FALSE(config.admin.enabled);
    CHECK(config.admin.address.port == 9902);
}

TEST_CASE("what a file leaves out has the default of the model", "[config]") {
    const auto config = parse(R"({"listeners": [{"address": "127.0.0.1:0"}]})", "x");
    REQUIRE(config);
    CHECK(config->workers == 0);
    CHECK(config->limits.keepalive == Limits{}.keepalive);
    CHECK(config->admin.enabled);
    CHECK(config->admin.address == Admin{}.address);
    CHECK(config->routes.empty());
}

TEST_CASE("problems come in the order of the file, from every stage", "[config]") {
    const auto config = parse(
        "{ \"routes\": [ { \"match\": { \"path\": \"a\" }, \"cluster\": \"x\" } ],\n"
        "  \"listeners\": [ { \"address\": \"?\" } ],\n"
        "  \"listeners\": [], \"clusters\": [ { \"name\": \"y\", \"endpoint\": [] } ] }",
        "f");
    REQUIRE_FALSE(config);
    std::vector<std::string> pointers;
    for (const Problem& problem : config.error()) pointers.push_back(problem.pointer);
    CHECK(pointers == std::vector<std::string>{"/routes/0/match/path", "/routes/0/cluster",
                                               "/listeners/0/address", "/listeners", "/clusters/0",
                                               "/clusters/0/endpoint"});
}

TEST_CASE("ten thousand routes are read in no time", "[config]") {
    std::string text = R"({"listeners": [{"address": "127.0.0.1:0"}], "clusters": [)"
                       R"({"name": "c", "endpoints": [{"address": "a:1"}]}], "routes": [)";
    for (int i = 0; i < 10'000; ++i) {
        const std::string number = std::to_string(i);
        text +=
            (i == 0 ? "" : ",\n") + (R"({"name": "r)" + number + R"(", "match": {"path": "/r/)" +
                                     number + R"(/:id"}, "cluster": "c"})");
    }
    const auto config = parse(text + "]}", "x");
    REQUIRE(config);
    CHECK(config->routes.size() == 10'000);
    CHECK(config->routes.back().position.line == 10'000);
}

}  // namespace sluice::config
