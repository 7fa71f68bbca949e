#include "routing/host_map.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice::routing;

namespace {

std::vector<std::uint32_t> visited(const HostMap& map, std::string_view host) {
    std::vector<std::uint32_t> sets;
    CHECK_FALSE(map.visit(host, [&](std::uint32_t set) {
        sets.push_back(set);
        return false;
    }));
    return sets;
}

}  // namespace

TEST_CASE("HostMap offers the most specific set first", "[routing]") {
    const HostMap map({{"", 0}, {"a.b.c", 1}, {"*.b.c", 2}, {"*.c", 3}});
    using Sets = std::vector<std::uint32_t>;
    CHECK(visited(map, "a.b.c") == Sets{1, 2, 3, 0});
    CHECK(visited(map, "A.B.C.") == Sets{1, 2, 3, 0});
    CHECK(visited(map, "x.a.b.c") == Sets{2, 3, 0});
    CHECK(visited(map, "b.c") == Sets{3, 0});
    CHECK(visited(map, "c") == Sets{0});
    CHECK(visited(map, "") == Sets{0});
    CHECK(visited(map, ".") == Sets{0});
    CHECK(visited(map, std::string(256, '.')) == Sets{0});
}

TEST_CASE("HostMap stops at the set that is accepted", "[routing]") {
    const HostMap map({{"", 0}, {"a.b", 1}});
    CHECK(map.visit("a.b", [](std::uint32_t set) { return set == 1; }));
}

TEST_CASE("HostMap knows when no host needs to be looked at", "[routing]") {
    CHECK(HostMap({{"", 4}}).only_set() == 4);
    CHECK(HostMap({{"", 4}, {"a", 5}}).only_set() == StaticMap::none);
    CHECK(HostMap().only_set() == StaticMap::none);
}

TEST_CASE("parse_host brings a host into its compared form", "[routing]") {
    CHECK(parse_host("").value() == "");
    CHECK(parse_host("API.Example.com.").value() == "api.example.com");
    CHECK(parse_host("*.Example.com").value() == "*.example.com");
    CHECK_FALSE(parse_host("*"));
}
