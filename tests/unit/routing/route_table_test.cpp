#include "routing/route_table.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "route_examples.hpp"

using namespace sluice;
using namespace sluice::routing;
using namespace sluice::routing::examples;

namespace {

std::string params_of(const Table& table, std::string_view path) {
    const auto answer = table.ask(RequestKey{.path = path});
    REQUIRE(answer.outcome == Outcome::Found);
    return text_of(answer.match.params);
}

}  // namespace

TEST_CASE("an empty RouteTable finds nothing", "[routing]") {
    const Table table({});
    CHECK(table.ask("GET", "/") == "404");
    CHECK(table.ask("GET", "") == "404");
}

TEST_CASE("a match gives the route, its place, its pattern and its parameters", "[routing]") {
    const Table table({route("/health"), route("/orders/:id/items/:item_id")});
    const auto answer = table.ask(RequestKey{.path = "/orders/17/items/a-b"});
    REQUIRE(answer.outcome == Outcome::Found);
    CHECK(answer.match.route == &table.routes[1]);
    CHECK(answer.match.route_index == 1);
    CHECK(answer.match.pattern() == "/orders/:id/items/:item_id");
    CHECK(answer.match.params.size() == 2);
    CHECK(answer.match.params.find("id") == "17");
    CHECK(answer.match.params.find("item_id") == "a-b");
    CHECK_FALSE(answer.match.params.find("item").has_value());
}

TEST_CASE("parameters are views into the path", "[routing]") {
    const Table table({route("/orders/:id")});
    const std::string path = "/orders/17";
    const auto answer = table.ask(RequestKey{.path = path});
    CHECK(answer.match.params[0].value.data() == path.data() + 8);
}

TEST_CASE("static text is preferred to a parameter and a parameter to a catch-all", "[routing]") {
    const Table table({route("/a/*rest"), route("/a/:x"), route("/a/b")});
    CHECK(table.ask("GET", "/a/b") == "any /a/b");
    CHECK(table.ask("GET", "/a/c") == "any /a/:x");
    CHECK(table.ask("GET", "/a/b/c") == "any /a/*rest");
    CHECK(table.ask("GET", "/a/") == "any /a/*rest");
    CHECK(table.ask("GET", "/a") == "404");
}

TEST_CASE("the walk goes back from a branch that leads nowhere", "[routing]") {
    const Table table(
        {route("/a/b/d"), route("/a/:x/c"), route("/a/b/:y/e"), route("/:first/*rest")});
    CHECK(table.ask("GET", "/a/b/d") == "any /a/b/d");
    CHECK(table.ask("GET", "/a/b/c") == "any /a/:x/c");
    CHECK(params_of(table, "/a/b/c") == "x=b");
    CHECK(params_of(table, "/a/b/c/e") == "y=c");
    CHECK(params_of(table, "/a/b/c/f") == "first=a rest=b/c/f");
    CHECK(params_of(table, "/z/") == "first=z rest=");
}

TEST_CASE("a parameter is never empty and never spans a slash", "[routing]") {
    const Table table({route("/orders/:id"), route("/orders/:id/")});
    CHECK(table.ask("GET", "/orders/") == "404");
    CHECK(table.ask("GET", "/orders/1") == "any /orders/:id");
    CHECK(table.ask("GET", "/orders/1/") == "any /orders/:id/");
    CHECK(table.ask("GET", "/orders/1/2") == "404");
}

TEST_CASE("a trailing slash makes another path", "[routing]") {
    const Table table({route("/a"), route("/b/"), route("/")});
    CHECK(table.ask("GET", "/a") == "any /a");
    CHECK(table.ask("GET", "/a/") == "404");
    CHECK(table.ask("GET", "/b/") == "any /b/");
    CHECK(table.ask("GET", "/b") == "404");
    CHECK(table.ask("GET", "/") == "any /");
}

TEST_CASE("a catch-all at the root matches every path", "[routing]") {
    const Table table({route("/*rest")});
    CHECK(params_of(table, "/") == "rest=");
    CHECK(params_of(table, "/a") == "rest=a");
    CHECK(params_of(table, "/a/b/") == "rest=a/b/");
}

TEST_CASE("a catch-all below a path does not match that path itself", "[routing]") {
    const Table table({route("/files/*rest")});
    CHECK(table.ask("GET", "/files") == "404");
    CHECK(params_of(table, "/files/") == "rest=");
    CHECK(params_of(table, "/files/a/b.txt") == "rest=a/b.txt");
    CHECK(table.ask("GET", "/filesystem/a") == "404");
}

TEST_CASE("a colon inside a segment is text", "[routing]") {
    const Table table({route("/v1/things:batch"), route("/v1/:id/run:now")});
    CHECK(table.ask("GET", "/v1/things:batch") == "any /v1/things:batch");
    CHECK(table.ask("GET", "/v1/7/run:now") == "any /v1/:id/run:now");
}

TEST_CASE("one path may have different parameter names by method", "[routing]") {
    const Table table({route("/a/:x", {"GET"}), route("/a/:y", {"PUT"})});
    const auto get = table.ask(RequestKey{.method = http::Method::Get, .path = "/a/1"});
    const auto put = table.ask(RequestKey{.method = http::Method::Put, .path = "/a/1"});
    CHECK(text_of(get.match.params) == "x=1");
    CHECK(text_of(put.match.params) == "y=1");
    CHECK(put.match.pattern() == "/a/:y");
}

TEST_CASE("long and similar segments are kept apart", "[routing]") {
    const std::string one = "abcdefgh-0123456789-ABCDEFGH";
    const std::string other = "abcdefgh-9876543210-ABCDEFGH";
    const Table table({route("/" + one + "/:id"), route("/" + other + "/:id"), route("/:x/y")});
    CHECK(table.ask("GET", "/" + one + "/1") == "any /" + one + "/:id");
    CHECK(table.ask("GET", "/" + other + "/1") == "any /" + other + "/:id");
    CHECK(table.ask("GET", "/abcdefgh-5555555555-ABCDEFGH/1") == "404");
    CHECK(table.ask("GET", "/abcdefgh-5555555555-ABCDEFGH/y") == "any /:x/y");
}

TEST_CASE("a path of many blocks and segments is walked to its end", "[routing]") {
    const Table table({route("/a/:x/b/:y/c/*rest")});
    const std::string x(200, 'x');
    const std::string y(64, 'y');
    std::string rest;
    for (int i = 0; i < 3000; ++i) rest += "s/";
    CHECK(params_of(table, "/a/" + x + "/b/" + y + "/c/" + rest) ==
          "x=" + x + " y=" + y + " rest=" + rest);
    CHECK(table.ask("GET", "/a/" + x + "/b/" + y + "/d/" + rest) == "404");
}

TEST_CASE("MethodNotAllowed lists the methods of all routes on the path", "[routing]") {
    const Table table({route("/a", {"GET"}), route("/a", {"PUT", "PROPFIND"}),
                       route("/:x", {"DELETE"}), route("/b", {"POST"})});
    CHECK(table.ask("POST", "/a") == "405 GET, HEAD, PUT, DELETE, PROPFIND");
    CHECK(table.ask("GET", "/b") == "405 POST, DELETE");
    CHECK(table.ask("GET", "/c") == "405 DELETE");
    CHECK(table.ask("BREW", "/a") == "405 GET, HEAD, PUT, DELETE, PROPFIND");
    CHECK(table.ask("POST", "/a/b") == "404");
}

TEST_CASE("a method that the more specific path does not have is looked for in the less specific",
          "[routing]") {
    const Table table(
        {route("/users/me", {"GET"}), route("/users/:id", {"DELETE"}), route("/*rest", {"POST"})});
    CHECK(table.ask("GET", "/users/me") == "GET /users/me");
    CHECK(table.ask("DELETE", "/users/me") == "DELETE /users/:id");
    CHECK(table.ask("POST", "/users/me") == "POST /*rest");
    CHECK(table.ask("PUT", "/users/me") == "405 GET, HEAD, POST, DELETE");
}

TEST_CASE("methods that are not of RFC 9110 are compared by name", "[routing]") {
    const Table table({route("/a", {"PROPFIND"}), route("/a", {"MKCOL"}), route("/b")});
    CHECK(table.ask("PROPFIND", "/a") == "PROPFIND /a");
    CHECK(table.ask("MKCOL", "/a") == "MKCOL /a");
    CHECK(table.ask("propfind", "/a") == "405 PROPFIND, MKCOL");
    CHECK(table.ask("WHATEVER", "/b") == "any /b");
}

TEST_CASE("a GET route answers HEAD unless a HEAD route stands there", "[routing]") {
    const Table table({route("/a", {"GET"}), route("/b", {"GET"}), route("/b", {"HEAD"}),
                       route("/c", {"GET"}), route("/c"), with_header(route("/d", {"HEAD"}), "X"),
                       route("/d", {"GET"})});
    CHECK(table.ask("HEAD", "/a") == "GET /a");
    CHECK(table.ask("HEAD", "/b") == "HEAD /b");
    CHECK(table.ask("HEAD", "/c") == "GET /c");
    CHECK(table.ask("HEAD", "/d") == "GET /d");
    const http::Fields fields{field("x", "1")};
    CHECK(table.ask("HEAD", "/d", "", "", &fields) == "HEAD /d if X=*");
}

TEST_CASE("a route that names the method comes before one for any", "[routing]") {
    const Table table({route("/a"), route("/a", {"GET", "PUT"})});
    CHECK(table.ask("GET", "/a") == "GET /a");
    CHECK(table.ask("POST", "/a") == "any /a");
    CHECK(table.ask("BREW", "/a") == "any /a");
}

TEST_CASE("the route with the most conditions is taken", "[routing]") {
    const Table table({route("/a"), with_header(route("/a"), "X-Canary", "1"),
                       with_header(with_header(route("/a"), "X-Canary", "1"), "X-Debug"),
                       with_header(route("/a"), "X-Canary"), with_query(route("/b"), "v", "2"),
                       route("/b")});
    const http::Fields canary{field("x-canary", "1")};
    const http::Fields debug{field("X-Debug", ""), field("X-CANARY", "1")};
    const http::Fields other{field("X-Canary", "2")};
    CHECK(table.ask("GET", "/a") == "any /a");
    CHECK(table.ask("GET", "/a", "", "", &canary) == "any /a if X-Canary=1");
    CHECK(table.ask("GET", "/a", "", "", &debug) == "any /a if X-Canary=1 if X-Debug=*");
    CHECK(table.ask("GET", "/a", "", "", &other) == "any /a if X-Canary=*");
    CHECK(table.ask("GET", "/b", "", "x=1&v=2") == "any /b if ?v=2");
    CHECK(table.ask("GET", "/b", "", "x=1&v=3") == "any /b");
}

TEST_CASE("a header condition looks at the first field of its name, byte by byte", "[routing]") {
    const Table table({with_header(route("/a"), "Host", "One")});
    const http::Fields right{field("host", "One")};
    const http::Fields second{field("host", "Two"), field("host", "One")};
    const http::Fields other_case{field("host", "one")};
    CHECK(table.ask("GET", "/a", "", "", &right) == "any /a if Host=One");
    CHECK(table.ask("GET", "/a", "", "", &second) == "404");
    CHECK(table.ask("GET", "/a", "", "", &other_case) == "404");
    CHECK(table.ask("GET", "/a") == "404");
}

TEST_CASE("a query condition is compared decoded and looks at the first parameter of its name",
          "[routing]") {
    const Table table(
        {with_query(route("/a"), "view mode", "a&b"), with_query(route("/b"), "debug")});
    CHECK(table.ask("GET", "/a", "", "view+mode=a%26b") == "any /a if ?view mode=a&b");
    CHECK(table.ask("GET", "/a", "", "x&&view%20mode=a%26b&y=1") == "any /a if ?view mode=a&b");
    CHECK(table.ask("GET", "/a", "", "view mode=other&view mode=a%26b") == "404");
    CHECK(table.ask("GET", "/a", "", "view+mode=a%2") == "404");
    CHECK(table.ask("GET", "/b", "", "debug") == "any /b if ?debug=*");
    CHECK(table.ask("GET", "/b", "", "x=1&debug=") == "any /b if ?debug=*");
    CHECK(table.ask("GET", "/b", "", "debugger=1") == "404");
    CHECK(table.ask("GET", "/b", "", "=debug") == "404");
}

TEST_CASE("a route whose conditions fail is passed over, and is no MethodNotAllowed", "[routing]") {
    const Table table({with_header(route("/a/b", {"GET"}), "X", "1"), route("/a/:x", {"PUT"})});
    CHECK(table.ask("GET", "/a/b") == "404");
    CHECK(table.ask("PUT", "/a/b") == "PUT /a/:x");
    CHECK(table.ask("POST", "/a/b") == "405 GET, HEAD, PUT");
}

TEST_CASE("hosts are tried from the exact name over suffixes to any", "[routing]") {
    const Table table({route("/", {}, "api.example.com"), route("/", {}, "*.example.com"),
                       route("/", {}, "*.eu.example.com"), route("/"), route("/only-any"),
                       route("/only-suffix", {}, "*.example.com")});
    CHECK(table.ask("GET", "/", "api.example.com") == "any api.example.com/");
    CHECK(table.ask("GET", "/", "API.Example.COM.") == "any api.example.com/");
    CHECK(table.ask("GET", "/", "www.example.com") == "any *.example.com/");
    CHECK(table.ask("GET", "/", "a.b.eu.example.com") == "any *.eu.example.com/");
    CHECK(table.ask("GET", "/", "example.com") == "any /");
    CHECK(table.ask("GET", "/", ".example.com") == "any /");
    CHECK(table.ask("GET", "/", "notexample.com") == "any /");
    CHECK(table.ask("GET", "/", "") == "any /");
    CHECK(table.ask("GET", "/", std::string(300, 'a') + ".example.com") == "any /");
    CHECK(table.ask("GET", "/only-suffix", "a.eu.example.com") == "any *.example.com/only-suffix");
    CHECK(table.ask("GET", "/only-suffix", "api.example.com") == "any *.example.com/only-suffix");
    CHECK(table.ask("GET", "/only-any", "api.example.com") == "any /only-any");
    CHECK(table.ask("GET", "/none", "api.example.com") == "404");
}

TEST_CASE("without a set for any host an unknown host finds nothing", "[routing]") {
    const Table table({route("/", {}, "one.example")});
    CHECK(table.ask("GET", "/", "one.example") == "any one.example/");
    CHECK(table.ask("GET", "/", "two.example") == "404");
    CHECK(table.ask("GET", "/", "") == "404");
}

TEST_CASE("a less specific host is asked before a method is refused", "[routing]") {
    const Table table({route("/a", {"GET"}, "one.example"), route("/a", {"POST"})});
    CHECK(table.ask("GET", "/a", "one.example") == "GET one.example/a");
    CHECK(table.ask("POST", "/a", "one.example") == "POST /a");
    CHECK(table.ask("PUT", "/a", "one.example") == "405 GET, HEAD, POST");
    CHECK(table.ask("GET", "/a", "two.example") == "405 POST");
}

TEST_CASE("parameters of a branch that was left do not stay", "[routing]") {
    const Table table({route("/:a/:b/x", {}, "one.example"), route("/:c/*d")});
    const auto answer = table.ask(RequestKey{.host = "one.example", .path = "/1/2/y"});
    CHECK(text_of(answer.match.params) == "c=1 d=2/y");
}

TEST_CASE("a RouteTable can be moved while its matches stay good", "[routing]") {
    const Table table({route("/orders/:id")});
    RouteTable first = table.build();
    Match match;
    REQUIRE(first.match({.path = "/orders/1"}, match) == Outcome::Found);
    RouteTable second = std::move(first);
    CHECK(match.params.find("id") == "1");
    CHECK(second.routes().size() == 1);
    CHECK(second.match({.path = "/orders/2"}, match) == Outcome::Found);
}
