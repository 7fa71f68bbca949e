#include "routing/pattern.hpp"

#include <catch2/catch.hpp>

using namespace sluice::routing;

TEST_CASE("a pattern is read segment by segment", "[routing]") {
    const auto pattern = parse_pattern("/orders/:id/files/*rest");
    REQUIRE(pattern);
    REQUIRE(pattern->segments.size() == 4);
    CHECK(pattern->segments[0].text == "orders");
    CHECK(pattern->segments[1].kind == Segment::Kind::Parameter);
    CHECK(pattern->segments[3].kind == Segment::Kind::CatchAll);
    CHECK(pattern->names == std::vector<std::string_view>{"id", "rest"});
    CHECK(pattern->kind() == Segment::Kind::CatchAll);
    CHECK(pattern->shape() == "/orders/:/files/*");
}

TEST_CASE("a static pattern's shape is its path", "[routing]") {
    for (const char* path : {"/", "/a", "/a/", "/a/b:c", "/caf%C3%A9"}) {
        const auto pattern = parse_pattern(path);
        REQUIRE(pattern);
        CHECK(pattern->is_static());
        CHECK(pattern->shape() == path);
        CHECK(pattern->kind() == Segment::Kind::Static);
    }
}
