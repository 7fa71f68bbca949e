#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "route_examples.hpp"
#include "routing/route_table.hpp"

using namespace sluice;
using namespace sluice::routing;
using namespace sluice::routing::examples;

namespace {

std::vector<Conflict> conflicts_of(std::vector<config::Route> routes) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
        routes[i].position = {static_cast<std::uint32_t>(10 * (i + 1)), 5};
    }
    const auto built = RouteTable::build(routes);
    return built ? std::vector<Conflict>{} : built.error();
}

bool are_accepted(std::vector<config::Route> routes) {
    return conflicts_of(std::move(routes)).empty();
}

/// The one conflict there is, as a line.
std::string conflict_of(std::vector<config::Route> routes) {
    const auto conflicts = conflicts_of(std::move(routes));
    REQUIRE(conflicts.size() == 1);
    return describe(conflicts.front());
}

}  // namespace

TEST_CASE("two routes that answer the same request are a conflict that names both", "[routing]") {
    const auto conflicts =
        conflicts_of({route("/x"), route("/a/:id", {"GET", "PUT"}), route("/a/:name", {"PUT"})});
    REQUIRE(conflicts.size() == 1);
    CHECK(conflicts[0].first.index == 1);
    CHECK(conflicts[0].first.name == "GET /a/:id");
    CHECK(conflicts[0].first.position.line == 20);
    REQUIRE(conflicts[0].second);
    CHECK(conflicts[0].second->index == 2);
    CHECK(describe(conflicts[0]) ==
          "route \"GET /a/:id\" (line 20, column 5) and route \"PUT /a/:name\" (line 30, column "
          "5): both can "
          "answer the same method on /a/:id (which is also /a/:name) for any host; give them "
          "different methods "
          "or conditions, or remove one");
}

TEST_CASE("a route without a name is named by its number", "[routing]") {
    config::Route nameless = route("/a");
    nameless.name.clear();
    CHECK_THAT(conflict_of({route("/a"), nameless}),
               Catch::Contains("and route number 2 (line 20"));
}

TEST_CASE("routes that share no request are no conflict", "[routing]") {
    CHECK(are_accepted(
        {route("/a", {"GET"}), route("/a", {"HEAD"}), route("/a", {"PUT"}), route("/a")}));
    CHECK(are_accepted(
        {route("/a", {}, "one.example"), route("/a", {}, "two.example"), route("/a")}));
    CHECK(are_accepted({route("/a"), route("/a/"), route("/:x"), route("/*x"), route("/:x/")}));
    CHECK(are_accepted(
        {with_header(route("/a"), "X", "1"), with_header(route("/a"), "x", "2"), route("/a")}));
    CHECK(are_accepted({with_query(route("/a"), "q", "1"), with_query(route("/a"), "q", "2")}));
    CHECK(are_accepted({with_query(route("/a"), "q"), with_query(route("/a"), "q", "2")}));
    CHECK(are_accepted(
        {with_header(route("/a"), "X"), with_header(with_header(route("/a"), "Y"), "Z")}));
}

TEST_CASE("as many conditions that can hold together are a conflict", "[routing]") {
    CHECK_THAT(
        conflict_of({with_header(route("/a"), "X", "1"), with_header(route("/a"), "Y", "1")}),
        Catch::Contains("fulfil the conditions of both"));
    CHECK_THAT(conflict_of({with_header(route("/a"), "X", "1"), with_query(route("/a"), "X", "2")}),
               Catch::Contains("fulfil the conditions of both"));
    CHECK_THAT(conflict_of({with_query(route("/a"), "q", "1"), with_query(route("/a"), "Q", "2")}),
               Catch::Contains("fulfil the conditions of both"));
}

TEST_CASE("hosts are the same in any case and with a trailing dot", "[routing]") {
    CHECK_THAT(conflict_of({route("/a", {}, "One.Example"), route("/a", {}, "one.example.")}),
               Catch::Contains("for host one.example."));
}

TEST_CASE("every conflict is reported at once", "[routing]") {
    const auto conflicts = conflicts_of(
        {route("/a"), route("/a"), route("/a"), route("b"), route("/{id}", {}, "x:80")});
    CHECK(conflicts.size() == 6);
}

TEST_CASE("a pattern that can't be is refused with what would be right", "[routing]") {
    const auto row = GENERATE(table<std::string, std::string>({
        {"", "does not begin with '/'"},
        {"orders", "does not begin with '/'"},
        {"/a//b", "write '/a/b'"},
        {"/a/../b", "write '/b'"},
        {"/a/%7e", "write '/a/~'"},
        {"/a/%2f", "encoded slash"},
        {"/caf\xC3\xA9", "write '/caf%C3%A9'"},
        {"/a b", "a space"},
        {"/a/{id}", "a parameter is written ':name'"},
        {"/a/:", "parameter name ''"},
        {"/a/:1d", "parameter name '1d'"},
        {"/a/:x-y", "parameter name 'x-y'"},
        {"/a/:id/b/:id", "'id' stands twice"},
        {"/a/:id/*id", "'id' stands twice"},
        {"/a/*", "parameter name ''"},
        {"/a/*.js", "parameter name '.js'"},
        {"/a/*rest/b", "must be the last segment"},
        {"/a/*rest/", "must be the last segment"},
        {"/a/x*", "must begin the last segment"},
        {"/:a/:b/:c/:d/:e/:f/:g/:h/:i", "more than 8 parameters"},
    }));
    INFO(std::get<0>(row));
    const std::string line = conflict_of({route(std::get<0>(row))});
    CHECK_THAT(line, Catch::Contains(std::get<1>(row)));
    CHECK_THAT(line, Catch::Contains("(line 10, column 5)"));
}

TEST_CASE("a pattern that is too deep to walk is refused", "[routing]") {
    std::string deep;
    for (int i = 0; i < 70; ++i) deep += "/s";
    CHECK(are_accepted({route(deep)}));
    CHECK_THAT(conflict_of({route(deep + "/:id")}), Catch::Contains("more than 64 segments"));
}

TEST_CASE("a host that can't be is refused", "[routing]") {
    for (const char* host :
         {"*", "a.*.com", "**.com", "*.", ".", "example.com:80", "http://x", "a b", "a..b", ".a"}) {
        INFO(host);
        CHECK_THAT(conflict_of({route("/a", {}, host)}), Catch::Contains("host '"));
    }
    CHECK(are_accepted(
        {route("/a", {}, "[::1]"), route("/a", {}, "127.0.0.1"), route("/a", {}, "a_b.internal")}));
}

TEST_CASE("more foreign methods than can be told apart are refused", "[routing]") {
    std::vector<std::string> names;
    for (int i = 0; i < 23; ++i) names.push_back("M" + std::to_string(i));
    CHECK_THAT(conflict_of({route("/a", names)}), Catch::Contains("too many different methods"));
    names.pop_back();
    CHECK(are_accepted({route("/a", names)}));
    std::vector<config::Route> routes;
    for (const std::string& name : names) routes.push_back(route("/" + name, {name}));
    CHECK_THAT(conflict_of(routes), Catch::Contains("too many combinations of methods"));
    routes.resize(12);
    CHECK(are_accepted(routes));
}
