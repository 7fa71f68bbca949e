#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/parse.hpp"
#include "proxy/explain.hpp"

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;

const TimePoint start{1h};

constexpr const char* text = R"({
    "listeners": [{"name": "web", "address": "127.0.0.1:8080"}, {"name": "other", "address": "127.0.0.1:9090"}],
    "routes": [
        {"name": "order", "match": {"host": "api.example.com", "path": "/orders/:id", "methods": ["GET", "PUT"]}, "cluster": "one",
         "request_headers": {"set": {"X-Area": "shop", "Authorization": "Bearer hush"}, "remove": ["X-Drop"]},
         "response_headers": {"remove": ["Server"]}, "timeout": "30s", "mirror": {"cluster": "two", "percent": 5}},
        {"name": "canary", "match": {"host": "api.example.com", "path": "/orders/:id", "headers": {"X-Canary": "1"},
         "query": {"debug": true}}, "respond": {"status": 203, "body": "x", "headers": {"X-A": "b"}}},
        {"name": "below", "match": {"host": "*.example.com", "path": "/orders/:id/items"}, "cluster": "two", "host": "endpoint"},
        {"name": "small", "match": {"path": "/small"}, "cluster": "two", "max_body_bytes": 10},
        {"name": "chat", "match": {"path": "/chat"}, "cluster": "two", "upgrade": ["websocket"], "upgrade_idle": "5m"},
        {"name": "hashed", "match": {"path": "/hashed"}, "cluster": "hashed"},
        {"name": "split", "match": {"path": "/split"}, "split": [{"cluster": "one", "weight": 3}, {"cluster": "two"}]},
        {"name": "named", "match": {"path": "/named"}, "cluster": "named"},
        {"name": "get", "match": {"path": "/get", "methods": ["GET", "PUT"]}, "respond": {}},
        {"name": "edited", "match": {"path": "/edited"}, "respond": {"headers": {"X-A": "b", "X-B": "c"}},
         "response_headers": {"set": {"Set-Cookie": "hush", "X-C": "d"}, "remove": ["x-a"]}},
        {"name": "old", "match": {"path": "/old"}, "redirect": {"location": "/new"}, "response_headers": {"add": {"X-C": "d"}}}
    ],
    "clusters": [
        {"name": "one", "endpoints": [{"address": "10.0.0.1:80"}],
         "breaker": {"consecutive_failures": 1, "fallback": {"status": 418}}},
        {"name": "two", "endpoints": [{"address": "10.0.0.2:80", "weight": 3}, {"address": "10.0.0.3:80"}],
         "ejection": {"connect_failures": 1, "max_percent": 100}},
        {"name": "hashed", "balance": "hash", "hash": {"by": "header", "name": "X-User"}, "sticky": {"secret": "0123456789abcdef"},
         "endpoints": [{"address": "10.0.0.4:80"}, {"address": "10.0.0.5:80"}]},
        {"name": "named", "endpoints": [{"address": "a.internal:80"}, {"address": "b.internal:80"}]}
    ]
})";

std::shared_ptr<const Snapshot> snapshot_of(const std::string& source = text) {
    auto config = config::parse(source, "test");
    REQUIRE(config);
    auto snapshot = Snapshot::build(std::move(*config));
    REQUIRE(snapshot);
    return *snapshot;
}

Explanation explained(const Snapshot& snapshot, const std::string& method, const std::string& url,
                      std::vector<config::HeaderValue> headers = {}) {
    const auto explanation = explain(snapshot, {.method = method, .url = url, .headers = std::move(headers)}, start);
    REQUIRE(explanation);
    // Neither printer may fail on what was found.
    CHECK_FALSE(explanation_text(*explanation).empty());
    CHECK(explanation_json(*explanation).starts_with("{"));
    return *explanation;
}

Explanation explained(const std::string& method, const std::string& url, std::vector<config::HeaderValue> headers = {}) {
    return explained(*snapshot_of(), method, url, std::move(headers));
}

const FieldExplanation* find(const Explanation& explanation, std::string_view name) {
    REQUIRE(explanation.upstream);
    const auto& fields = explanation.upstream->fields;
    const auto found = std::ranges::find(fields, name, &FieldExplanation::name);
    return found == fields.end() ? nullptr : &*found;
}

void check_field(const Explanation& explanation, std::string_view name, std::string_view value, std::string_view what, std::string_view by) {
    INFO(name);
    const FieldExplanation* const field = find(explanation, name);
    REQUIRE(field != nullptr);
    CHECK(field->value == value);
    CHECK(field->what == what);
    CHECK(field->by == by);
}

}  // namespace

TEST_CASE("explain says what every request would be answered", "[proxy][explain]") {
    struct Row {
        const char* method;
        const char* url;
        std::optional<std::uint16_t> status;
        const char* route;
    };
    const auto row = GENERATE(values<Row>({
        {"GET", "http://api.example.com/orders/7", std::nullopt, "order"},
        {"HEAD", "http://API.example.com./orders/7", std::nullopt, "order"},
        {"DELETE", "http://api.example.com/orders/7", std::uint16_t{404}, ""},
        {"POST", "/get", std::uint16_t{405}, ""},
        {"GET", "http://x.example.com/orders/7/items", std::nullopt, "below"},
        {"GET", "http://example.com/orders/7/items", std::uint16_t{404}, ""},
        {"GET", "/old", std::uint16_t{308}, "old"},
        {"GET", "/old#part", std::uint16_t{308}, "old"},
        {"GET", "http://h?x", std::uint16_t{404}, ""},
        {"GET", "/../x", std::uint16_t{400}, ""},
        {"GET", "/a%2fb", std::uint16_t{400}, ""},
        {"GET", "http://a b/", std::uint16_t{400}, ""},
        {"TRACE", "/old", std::uint16_t{405}, ""},
        {"OPTIONS", "*", std::uint16_t{204}, ""},
        {"GET /x", "/old", std::uint16_t{400}, ""},
    }));
    INFO(row.method << " " << row.url);
    const Explanation found = explained(row.method, row.url);
    CHECK(found.answer.status == row.status);
    CHECK((found.route ? found.route->name : "") == row.route);
}

TEST_CASE("explain tells the methods that a path serves", "[proxy][explain]") {
    CHECK(explained("POST", "/get").answer.fields == std::vector<NameAndValue>{{"Allow", "GET, HEAD, PUT"}});
}

TEST_CASE("explain refuses what is no request", "[proxy][explain]") {
    const auto snapshot = snapshot_of();
    const std::vector<ExplainRequest> requests{
        {.method = "GET", .url = "/\r\nX: 1"}, {.method = "GET\n", .url = "/"},      {.method = "GET", .url = ""},
        {.method = "", .url = "/"},            {.url = "/", .client = "localhost"}, {.url = "/", .headers = {{"A", "b\r\nC: d"}}},
        {.url = "/", .headers = {{"A\n", "b"}}},
    };
    for (const ExplainRequest& request : requests) {
        const auto explanation = explain(*snapshot, request, start);
        REQUIRE_FALSE(explanation);
        CHECK(explanation.error().side == Side::Client);
    }
}

TEST_CASE("explain tells every step of the path", "[proxy][explain]") {
    struct Row {
        const char* sent;
        const char* normal;
        std::vector<std::string> steps;
    };
    const auto row = GENERATE(values<Row>({
        {"/a/b/", "/a/b/", {}},
        {"/a//b", "/a/b", {"an empty segment is dropped: // becomes /"}},
        {"/a/./b", "/a/b", {"\".\" is dropped: it means this place"}},
        {"/a/%2E%2e/b", "/b", {"\"%2E%2e\" takes the segment before it away"}},
        {"/%7eme/x%c3%a9", "/~me/x%C3%A9",
         {"\"%7eme\" becomes \"~me\": one way of percent-encoding", "\"x%c3%a9\" becomes \"x%C3%A9\": one way of percent-encoding"}},
    }));
    const Explanation found = explained("GET", row.sent);
    CHECK(found.path.normal == row.normal);
    CHECK(found.path.steps == row.steps);
    CHECK(explained("GET", "/" + std::string(40, '/')).path.steps.size() == 11);
}

TEST_CASE("explain tells why a route was taken", "[proxy][explain]") {
    const Explanation order = explained("HEAD", "http://api.example.com/orders/7");
    REQUIRE(order.route);
    CHECK(order.route->line == 4);
    CHECK(order.route->why == std::vector<std::string>{"host: exactly api.example.com", "path: /orders/:id, with parameters",
                                                       "method: HEAD is answered by a route for GET, PUT"});
    CHECK(order.route->params == std::vector<NameAndValue>{{"id", "7"}});
    const Explanation canary = explained("GET", "http://api.example.com/orders/7?debug", {{"X-Canary", "1"}});
    REQUIRE(canary.route);
    CHECK(canary.route->why == std::vector<std::string>{"host: exactly api.example.com", "path: /orders/:id, with parameters", "method: any",
                                                        "header X-Canary is 1", "query parameter debug is there"});
    CHECK(canary.answer.fields == std::vector<NameAndValue>{{"X-A", "b"}});
}

TEST_CASE("explain tells the routes that a request came near", "[proxy][explain]") {
    struct Row {
        const char* method;
        const char* url;
        const char* name;
        const char* reason;
        const char* why_not;
    };
    const auto row = GENERATE(values<Row>({
        {"GET", "http://api.example.com/orders/7", "canary", "condition", "header X-Canary is missing, must be 1; query parameter debug is missing"},
        {"POST", "http://api.example.com/orders/7", "order", "method", "it is for GET, PUT"},
        {"GET", "http://www.example.com/orders/7", "order", "host", "it is for host api.example.com"},
        {"GET", "http://api.example.com/orders/7", "below", "path", "its path goes on with /items"},
        {"GET", "http://api.example.com/orders/7/items", "order", "path", "its path ends before /items"},
        {"GET", "http://a.example.com/order/7/items", "below", "path", "its path has /orders in the place of /order"},
        {"GET", "/old/", "old", "path", "its path differs in the slash at the end"},
        {"GET", "/Old", "old", "path", "its path differs in the case of letters"},
    }));
    INFO(row.method << " " << row.url << " " << row.name);
    const Explanation found = explained(row.method, row.url);
    const auto other = std::ranges::find(found.others, row.name, &OtherRoute::name);
    REQUIRE(other != found.others.end());
    CHECK(other->reason == row.reason);
    CHECK(other->why_not == row.why_not);
}

TEST_CASE("explain tells less specific routes that fit too, and never more than five others", "[proxy][explain]") {
    std::string routes;
    for (int i = 0; i < 20; ++i) {
        routes += R"({"name": "r)" + std::to_string(i) + R"(", "match": {"host": "h)" + std::to_string(i) + R"(", "path": "/x"}, "respond": {}},)";
    }
    const auto snapshot = snapshot_of(R"({"listeners": [{"address": "127.0.0.1:0"}], "routes": [)" + routes +
                                      R"({"name": "any", "match": {"path": "/x"}, "respond": {}},
        {"name": "get", "match": {"path": "/x", "methods": ["GET"]}, "respond": {}},
        {"name": "rest", "match": {"path": "/*rest"}, "respond": {}}]})");
    const Explanation found = explained(*snapshot, "GET", "http://h3/x");
    REQUIRE(found.route);
    CHECK(found.route->name == "r3");
    CHECK(found.others.size() == 5);
    const Explanation other = explained(*snapshot, "GET", "http://else/x");
    CHECK(other.route->name == "get");
    const Explanation deep = explained(*snapshot, "GET", "http://h3/y");
    CHECK(deep.route->name == "rest");
}

TEST_CASE("explain tells what the upstream gets and who made it", "[proxy][explain]") {
    const Explanation found = explained("GET", "http://api.example.com/orders/7?q=1",
                                        {{"X-Kept", "a"}, {"X-Drop", "b"}, {"Connection", "X-Hop"}, {"X-Hop", "c"}, {"X-Forwarded-For", "1.2.3.4"}});
    REQUIRE(found.upstream);
    CHECK(found.upstream->request_line == "GET /orders/7?q=1 HTTP/1.1");
    check_field(found, "Host", "api.example.com", "kept", "client");
    check_field(found, "X-Kept", "a", "kept", "client");
    check_field(found, "X-Drop", "b", "removed", "route");
    check_field(found, "X-Hop", "c", "removed", "gateway");
    check_field(found, "X-Forwarded-For", "127.0.0.1", "changed", "gateway");
    check_field(found, "X-Area", "shop", "added", "route");
    check_field(found, "Authorization", "***", "added", "route");
    check_field(found, "X-Request-Id", "(a new one)", "added", "gateway");
    CHECK(found.upstream->response == std::vector<std::string>{"fields of the connection are removed", "removes Server"});
    check_field(explained("GET", "http://api.example.com/orders/7", {{"X-Request-Id", "abc"}}), "X-Request-Id", "abc", "kept", "client");
    CHECK(found.limits == std::vector<std::string>{"timeout 30s from the complete request to the head of the response, then 504"});
    REQUIRE(found.mirror);
    CHECK(found.mirror->cluster == "two");
    CHECK(found.mirror->percent == 5);
}

TEST_CASE("explain never shows a configured credential", "[proxy][explain]") {
    const Explanation found = explained("GET", "http://api.example.com/orders/7");
    CHECK_FALSE(explanation_text(found).contains("hush"));
    CHECK_FALSE(explanation_json(found).contains("hush"));
}

TEST_CASE("explain tells the gateway's own answers as the route changes them", "[proxy][explain]") {
    using Fields = std::vector<NameAndValue>;
    CHECK(explained("GET", "/edited").answer.fields == Fields{{"X-B", "c"}, {"Set-Cookie", "***"}, {"X-C", "d"}});
    CHECK(explained("GET", "/old").answer.fields == Fields{{"Location", "/new"}, {"X-C", "d"}});
}

TEST_CASE("explain tells the chance of every endpoint", "[proxy][explain]") {
    const Explanation found = explained("GET", "/split");
    REQUIRE(found.clusters.size() == 2);
    CHECK(found.clusters[0].percent == 75);
    CHECK(found.clusters[0].endpoint == "10.0.0.1:80");
    CHECK(found.clusters[1].percent == 25);
    CHECK_FALSE(found.clusters[1].endpoint);
    CHECK(found.clusters[1].endpoints[0].percent == 75);
    CHECK(found.clusters[1].endpoints[1].percent == 25);
    CHECK(explained("GET", "http://x.example.com/orders/7/items").upstream->host == "10.0.0.2:80 or 10.0.0.3:80");
}

TEST_CASE("explain tells exactly where a hash and a cookie lead", "[proxy][explain]") {
    const auto snapshot = snapshot_of();
    const Explanation by_user = explained(*snapshot, "GET", "/hashed", {{"X-User", "u1"}});
    REQUIRE(by_user.clusters.front().endpoint);
    CHECK(by_user.clusters.front().choice.starts_with("by the hash of header X-User \"u1\""));
    CHECK(explained(*snapshot, "GET", "/hashed").clusters.front().choice.contains("which it lacks, so of the client's address \"127.0.0.1\""));
    const upstream::ClusterState& state = *snapshot->clusters()[2].state;
    for (const char* name : {"10.0.0.4:80", "10.0.0.5:80"}) {
        const Explanation by_cookie = explained(*snapshot, "GET", "/hashed", {{"Cookie", "sluice=" + state.sticky()->make(name)}});
        CHECK(by_cookie.clusters.front().endpoint == name);
        CHECK(by_cookie.clusters.front().choice == "its cookie leads there");
    }
    const Explanation forged = explained(*snapshot, "GET", "/hashed", {{"Cookie", "sluice=forged"}});
    CHECK(forged.clusters.front().choice.contains("no sound cookie"));
}

TEST_CASE("explain takes configured names for endpoints that are not looked up", "[proxy][explain]") {
    const Explanation found = explained("GET", "/named");
    CHECK_FALSE(found.answer.status);
    CHECK_FALSE(found.clusters.front().endpoint);
    CHECK(found.clusters.front().endpoints[1].state == "name");
    CHECK(found.clusters.front().endpoints[1].percent == 50);
    const auto live = explain(*snapshot_of(), {.url = "/named", .is_live = true}, start);
    REQUIRE(live);
    CHECK(live->answer.status == 503);
}

TEST_CASE("explain knows the state of a live cluster", "[proxy][explain]") {
    const auto snapshot = snapshot_of();
    upstream::ClusterState& two = *snapshot->clusters()[1].state;
    const auto set = two.endpoints();
    REQUIRE(two.record(*set->members[0].endpoint, upstream::TryResult::ConnectFailure, start));
    const Explanation ejected = explained(*snapshot, "GET", "/small");
    CHECK(ejected.clusters.front().endpoint == "10.0.0.3:80");
    CHECK(ejected.clusters.front().endpoints[0].state == "ejected");
    CHECK(ejected.clusters.front().endpoints[0].percent == 0);

    upstream::Breaker& breaker = *snapshot->clusters()[0].state->breaker();
    breaker.finish(breaker.admit(start), upstream::Outcome::Failure, 1ms, start);
    const Explanation open = explained(*snapshot, "GET", "http://api.example.com/orders/7");
    CHECK(open.clusters.front().breaker == "open");
    CHECK(open.answer.status == 418);
    CHECK_FALSE(open.upstream);
    // A part of the split's requests is answered all the same.
    CHECK_FALSE(explained(*snapshot, "GET", "/split").answer.status);
}

TEST_CASE("explain minds bodies and upgrades", "[proxy][explain]") {
    CHECK(explained("POST", "/small", {{"Content-Length", "11"}}).answer.status == 413);
    CHECK_FALSE(explained("POST", "/small", {{"Content-Length", "10"}}).answer.status);
    CHECK(explained("POST", "/small", {{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}).answer.status == 400);
    const std::vector<config::HeaderValue> wish{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}};
    const Explanation chat = explained("GET", "/chat", wish);
    CHECK(chat.upstream->protocol == "websocket");
    check_field(chat, "Upgrade", "websocket", "kept", "client");
    CHECK(chat.limits.back() == "after the change to websocket: closed when neither side says anything for 5m");
    const Explanation other = explained("GET", "/small", wish);
    CHECK(other.upstream->protocol.empty());
    check_field(other, "Upgrade", "websocket", "removed", "gateway");
}

TEST_CASE("explain knows the listener by the URL's port, and the client by its word when it is trusted", "[proxy][explain]") {
    const Explanation found = explained("GET", "http://api.example.com:9090/old");
    REQUIRE(found.listeners.size() == 2);
    CHECK_FALSE(found.listeners[0].has_port);
    CHECK(found.listeners[1].has_port);
    const auto snapshot = snapshot_of(R"({"listeners": [{"address": "127.0.0.1:80"}], "forwarding": {"trusted_proxies": ["10.0.0.0/8"]},
        "routes": [{"match": {"path": "/"}, "respond": {}}]})");
    const auto trusted = explain(*snapshot, {.url = "http://a/", .headers = {{"X-Forwarded-For", "192.0.2.7"}}, .client = "10.1.1.1"}, start);
    REQUIRE(trusted);
    CHECK(trusted->client == "192.0.2.7");
    CHECK(trusted->is_trusted);
    CHECK(trusted->listeners.front().has_port);
    const auto local = explain(*snapshot, {.url = "/", .client = "unix"}, start);
    REQUIRE(local);
    CHECK(local->client == "unknown");
}

TEST_CASE("an explanation's text makes a request's bytes harmless", "[proxy][explain]") {
    const std::string page = explanation_text(explained("GET", "http://api.example.com/orders/7", {{"X-Canary", "\xc3\xa9"}}));
    CHECK(std::ranges::all_of(page, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7F); }));
}

}  // namespace sluice::proxy
