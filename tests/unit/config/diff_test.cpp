#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/diff.hpp"
#include "config/parse.hpp"
#include "unit/config/random_config.hpp"
#include "unit/config/text_file.hpp"

namespace sluice::config {
namespace {

using Lines = std::vector<std::string>;

Config parsed(const std::string& text) {
    auto config = parse(text, "test");
    if (!config) {
        for (const Problem& problem : config.error()) UNSCOPED_INFO(format_problem(problem));
    }
    REQUIRE(config);
    return std::move(*config);
}

/// A configuration with these members beside a listener.
Config with(const std::string& members) {
    return parsed(R"({"listeners": [{"name": "web", "address": "127.0.0.1:8080"}])" + (members.empty() ? "" : ", " + members) + "}");
}

Lines changes(const std::string& before, const std::string& after) { return describe(diff(with(before), with(after))); }

std::string clusters(const std::string& keys) {
    return R"("clusters": [{"name": "orders", "endpoints": [{"address": "10.0.0.5:80"}])" + keys + "}]";
}

std::string routes(const std::string& list) { return R"("routes": [)" + list + "]"; }

}  // namespace

TEST_CASE("a changed setting is told with both values", "[config]") {
    struct Row {
        const char* before;
        const char* after;
        const char* line;
    };
    const auto row = GENERATE(values<Row>({
        {R"("workers": 2)", R"("workers": 4)", "setting workers changed: 2 -> 4"},
        {"", R"("workers": 4)", "setting workers changed: auto -> 4"},
        {R"("limits": {"drain": "30s"})", R"("limits": {"drain": "1m"})", "limit drain changed: 30s -> 1m"},
        {"", R"("limits": {"header_bytes": 1024})", "limit header_bytes changed: 32KiB -> 1KiB"},
        {"", R"("log": {"level": "debug"})", "setting log.level changed: info -> debug"},
        {"", R"("admin": {"enabled": false})", "setting admin.enabled changed: true -> false"},
        {R"("forwarding": {"trusted_proxies": ["10.0.0.0/8"]})", R"("forwarding": {"trusted_proxies": ["::1"]})",
         "setting forwarding.trusted_proxies changed: added ::1, removed 10.0.0.0/8"},
        {R"("forwarding": {"via": "a"})", R"("forwarding": {"via": ""})", "setting forwarding.via changed: a -> \"\""},
        {R"("resolver": {"servers": ["10.0.0.1:53", "10.0.0.2:53"]})", R"("resolver": {"servers": ["10.0.0.2:53", "10.0.0.1:53"]})",
         R"(setting resolver.servers changed: ["10.0.0.1:53", "10.0.0.2:53"] -> ["10.0.0.2:53", "10.0.0.1:53"])"},
    }));
    CHECK(changes(row.before, row.after) == Lines{row.line});
}

TEST_CASE("a changed key of a cluster is told with its path", "[config]") {
    struct Row {
        const char* before;
        const char* after;
        const char* details;
    };
    const auto row = GENERATE(values<Row>({
        {"", R"(, "read_timeout": "10s")", "read_timeout: 1m -> 10s"},
        {R"(, "retry": {"attempts": 2})", R"(, "retry": {"attempts": 5, "statuses": [503, "502"]})",
         "retry.attempts: 2 -> 5; retry.statuses: added 502, 503"},
        {"", R"(, "breaker": {"error_percent": 30})", "breaker: added (error_percent 30)"},
        {R"(, "breaker": {})", "", "breaker: removed"},
        {R"(, "breaker": {"open_time": "5s"})", R"(, "breaker": {"open_time": "10s"})", "breaker.open_time: 5s -> 10s"},
        {R"(, "sticky": {"secret": "0123456789abcdef"})", R"(, "sticky": {"secret": "fedcba9876543210"})", "sticky.secret: changed"},
        {R"(, "sticky": {})", R"(, "sticky": {"secret": "fedcba9876543210"})", "sticky.secret: changed"},
        {"", R"(, "balance": "hash", "hash": {"by": "header", "name": "X-User"})",
         "balance: round_robin -> hash; hash.by: client -> header; hash.name: none -> X-User"},
    }));
    CHECK(changes(clusters(row.before), clusters(row.after)) == Lines{std::string("cluster orders changed: ") + row.details});
}

TEST_CASE("endpoints are told apart by their address", "[config]") {
    const auto list = [](const std::string& endpoints) {
        return R"("clusters": [{"name": "orders", "endpoints": [)" + endpoints + "]}]";
    };
    CHECK(changes(list(R"({"address": "10.0.0.1:80"}, {"address": "10.0.0.2:80"})"),
                  list(R"({"address": "10.0.0.3:80", "weight": 2}, {"address": "10.0.0.2:80", "drain": true})")) ==
          Lines{"endpoint 10.0.0.1:80 of cluster orders removed", "endpoint 10.0.0.2:80 of cluster orders changed: drain: false -> true",
                "endpoint 10.0.0.3:80 of cluster orders added: weight 2"});
    CHECK(changes(list(R"({"address": "10.0.0.1:80"}, {"address": "10.0.0.2:80"})"),
                  list(R"({"address": "10.0.0.2:80"}, {"address": "10.0.0.1:80"})"))
              .empty());
}

TEST_CASE("added and removed clusters and listeners are described", "[config]") {
    CHECK(changes("", clusters("")) == Lines{"cluster orders added: endpoint 10.0.0.5:80"});
    CHECK(changes(clusters(R"(, "balance": "random")"), "") ==
          Lines{"cluster orders removed: endpoint 10.0.0.5:80; balance random"});
    const Config one = parsed(R"({"listeners": [{"name": "a", "address": "127.0.0.1:1"}]})");
    const Config other = parsed(R"({"listeners": [{"name": "a", "address": "127.0.0.1:2"}, {"address": "127.0.0.1:3"}]})");
    CHECK(describe(diff(one, other)) == Lines{"listener a changed: address: 127.0.0.1:1 -> 127.0.0.1:2",
                                              "listener 127.0.0.1:3 added: address 127.0.0.1:3"});
}

TEST_CASE("routes are told apart by name, else by match", "[config]") {
    struct Row {
        const char* before;
        const char* after;
        Lines lines;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"name": "a", "match": {"path": "/a"}, "respond": {}})", R"({"name": "a", "match": {"path": "/b"}, "respond": {}})",
         {"route a changed: match.path: /a -> /b"}},
        {R"({"match": {"path": "/a"}, "respond": {}})", R"({"match": {"path": "/a"}, "respond": {"status": 404}})",
         {"route /a changed: respond.status: 200 -> 404"}},
        {R"({"match": {"path": "/a"}, "respond": {}})", R"({"match": {"path": "/b"}, "respond": {}})",
         {"route /a removed: responds 200", "route /b added: responds 200"}},
        {R"({"match": {"path": "/a"}, "respond": {}})", R"({"name": "a", "match": {"path": "/a"}, "respond": {}})",
         {"route a changed: name: none -> a"}},
        {R"({"match": {"path": "/a", "methods": ["GET"]}, "respond": {}})",
         R"({"match": {"path": "/a", "methods": ["PUT", "GET"]}, "respond": {}})",
         {"route PUT, GET /a changed: match.methods: added PUT"}},
        {R"({"match": {"path": "/a", "headers": {"X-A": "1", "X-B": true}}, "respond": {}})",
         R"({"match": {"path": "/a", "headers": {"X-B": true, "X-A": "1"}}, "respond": {}})",
         {}},
        {R"({"name": "a", "match": {"path": "/a", "headers": {"X-A": "1"}}, "respond": {}})",
         R"({"name": "a", "match": {"path": "/a", "headers": {"X-A": true}}, "respond": {}})",
         {"route a changed: match.headers.X-A: 1 -> true"}},
        {R"({"name": "a", "match": {"path": "/a"}, "respond": {"body": "x y"}})",
         R"({"name": "a", "match": {"path": "/a"}, "redirect": {"location": "/b"}})",
         {"route a changed: respond: removed (body \"x y\"); redirect: added (location /b)"}},
        {R"({"name": "a", "match": {"path": "/a"}, "respond": {"headers": {"Set-Cookie": "hush=1"}}})",
         R"({"name": "a", "match": {"path": "/a"}, "respond": {"headers": {"Set-Cookie": "hush=2"}}})",
         {"route a changed: respond.headers.Set-Cookie: changed"}},
    }));
    CHECK(changes(routes(row.before), routes(row.after)) == row.lines);
}

TEST_CASE("the order of routes is no change", "[config]") {
    const std::string a = R"({"match": {"path": "/a"}, "respond": {}})";
    const std::string b = R"({"name": "b", "match": {"path": "/b"}, "respond": {}})";
    CHECK(changes(routes(a + "," + b), routes(b + "," + a)).empty());
}

TEST_CASE("a route that goes elsewhere is told without the defaults of its action", "[config]") {
    const std::string before = clusters("") + "," + routes(R"({"name": "a", "match": {"path": "/a"}, "respond": {}})");
    const std::string after = clusters("") + "," + routes(R"({"name": "a", "match": {"path": "/a"}, "cluster": "orders"})");
    CHECK(changes(before, after) == Lines{"route a changed: cluster: none -> orders; respond: removed"});
}

TEST_CASE("shares of a split are told apart by cluster", "[config]") {
    const auto split = [](const std::string& shares) {
        return clusters("") + "," + routes(R"({"name": "a", "match": {"path": "/a"}, "split": [)" + shares + "]}");
    };
    CHECK(changes(split(R"({"cluster": "orders", "weight": 9})"), split(R"({"cluster": "orders", "weight": 5})")) ==
          Lines{"route a changed: split orders.weight: 9 -> 5"});
}

TEST_CASE("no configuration differs from itself, and no secret is told", "[config]") {
    std::mt19937 random(7);
    const Config base = parsed(test::read_text(test::source_path("tests/data/config/every_cluster_key.json")));
    const std::string secret = base.clusters[1].sticky->secret;
    REQUIRE_FALSE(secret.empty());
    int compared = 0;
    for (int i = 0; i < 1500; ++i) {
        const auto other = parse(test::vary_config(base, random), "f");
        if (!other) continue;
        ++compared;
        CHECK(diff(*other, *other).empty());
        for (const std::string& line : describe(diff(base, *other))) CHECK_FALSE(line.contains(secret.substr(0, 8)));
    }
    CHECK(compared > 20);
}

TEST_CASE("a difference is JSON too", "[config]") {
    CHECK(diff_json(diff(with(clusters("")), with(clusters(R"(, "max_idle": 1)")))) ==
          "[\n  {\"kind\": \"cluster\", \"what\": \"changed\", \"name\": \"orders\", \"details\": [\"max_idle: 128 -> 1\"]}\n]\n");
    CHECK(diff_json({}) == "[]\n");
}

}  // namespace sluice::config
