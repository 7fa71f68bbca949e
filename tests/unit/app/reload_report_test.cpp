#include "app/reload_report.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using config::Change;

TEST_CASE("A change says what goes on where it is made, row by row", "[app]") {
    struct Row {
        Change change;
        const char* touches;
    };
    const auto row = GENERATE(values<Row>({
        {{Change::Kind::Route, Change::What::Removed, "order", {}, {}}, " (touches 3 requests, 1 upgraded connection)"},
        {{Change::Kind::Cluster, Change::What::Changed, "orders", {}, {}}, " (touches 1 request)"},
        {{Change::Kind::Endpoint, Change::What::Removed, "10.0.0.1:80", "orders", {}}, " (touches 2 upgraded connections)"},
        {{Change::Kind::Endpoint, Change::What::Removed, "10.0.0.1:80", "users", {}}, ""},
        {{Change::Kind::Listener, Change::What::Removed, "web", {}, {}}, " (touches 5 connections)"},
        {{Change::Kind::Listener, Change::What::Added, "new", {}, {}}, ""},
        {{Change::Kind::Limit, Change::What::Changed, "headers", {}, {}}, ""},
    }));
    proxy::Usage usage;
    usage.routes["order"] = {0, 3, 1};
    usage.clusters["orders"] = {0, 1, 0};
    usage.endpoints[{"orders", "10.0.0.1:80"}] = {0, 0, 2};
    usage.listeners[7] = {5, 0, 0};
    const auto lines = app::describe_changes({row.change}, usage, {{"web", 7}});
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == describe(row.change) + row.touches);
}
