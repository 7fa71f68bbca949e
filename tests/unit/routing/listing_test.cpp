#include "routing/listing.hpp"

#include <catch2/catch.hpp>

#include "route_examples.hpp"

using namespace sluice;
using namespace sluice::routing;
using namespace sluice::routing::examples;

TEST_CASE("the listing shows routes in the order of preference", "[routing]") {
    const std::vector<config::Route> routes{route("/*rest"),
                                            route("/a/:id"),
                                            with_header(route("/a/b"), "X", "1"),
                                            route("/a/b"),
                                            route("/a/*rest"),
                                            route("/", {}, "*.example.com"),
                                            route("/", {}, "*.eu.example.com"),
                                            route("/", {}, "a.example.com")};
    std::vector<std::string> order;
    for (const ListingRow& row : list_routes(routes))
        order.push_back(row.host + row.pattern + row.conditions);
    CHECK(order == std::vector<std::string>{"a.example.com/", "*.eu.example.com/", "*.example.com/",
                                            "*/a/bX: 1", "*/a/b", "*/a/:id", "*/a/*rest",
                                            "*/*rest"});
}

TEST_CASE("a row of the listing says all about its route", "[routing]") {
    config::Route forward = with_query(
        with_header(route("/a/:id", {"GET", "PUT"}, "api.example.com"), "X", "1"), "debug");
    forward.name = "one";
    forward.action = config::Forward{.cluster = "orders"};
    const ListingRow row = list_routes(std::vector{forward}).front();
    CHECK(row.host == "api.example.com");
    CHECK(row.methods == "GET, PUT");
    CHECK(row.pattern == "/a/:id");
    CHECK(row.conditions == "X: 1, ?debug");
    CHECK(row.kind == "parameter");
    CHECK(row.action == "forward orders");
    CHECK(row.name == "one");
}

TEST_CASE("a row of the listing names answers and redirects", "[routing]") {
    config::Route redirect = route("/old");
    redirect.action = config::Redirect{.status = 308, .location = "/new"};
    const auto rows = list_routes(std::vector{route("/z"), redirect, route("/*rest")});
    CHECK(rows[0].action == "redirect 308 /new");
    CHECK(rows[0].methods == "*");
    CHECK(rows[0].kind == "static");
    CHECK(rows[1].action == "respond 200");
    CHECK(rows[2].kind == "wildcard");
}
