#include "filters/hop_by_hop.hpp"

#include <catch2/catch.hpp>

#include "field_lines.hpp"

using namespace sluice;
using namespace sluice::filters::test;
using filters::remove_hop_by_hop;

namespace {

Lines left_of(http::Fields fields) {
    remove_hop_by_hop(fields);
    return lines_of(fields);
}

}  // namespace

TEST_CASE("A message without hop-by-hop fields stays as it is", "[filters]") {
    CHECK(left_of({}).empty());
    CHECK(left_of(fields_of(
              {{"Host", "a"}, {"Accept", "*/*"}, {"Trailer", "X-Sum"}, {"Content-Length", "3"}})) ==
          Lines{"Host: a", "Accept: */*", "Trailer: X-Sum", "Content-Length: 3"});
}

TEST_CASE("Fields for one connection alone are removed in any case", "[filters]") {
    const std::string name = GENERATE(
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
        "TE", "Transfer-Encoding", "Upgrade", "connection", "TRANSFER-ENCODING");
    CHECK(left_of(fields_of({{"A", "1"}, {name, "x"}, {"B", "2"}, {name, "y"}})) ==
          Lines{"A: 1", "B: 2"});
}

TEST_CASE("Fields that Connection names are removed, wherever they stand", "[filters]") {
    CHECK(left_of(fields_of({{"X-Before", "1"},
                             {"Connection", "close, x-before ,X-AFTER"},
                             {"X-After", "2"},
                             {"x-after", "3"},
                             {"Connection", "Authorization"},
                             {"Authorization", "Basic x"},
                             {"Accept", "4"}})) == Lines{"Accept: 4"});
}

TEST_CASE("Connection cannot remove what frames, routes or vouches", "[filters]") {
    const std::string name = GENERATE("Content-Length", "Host", "X-Forwarded-For",
                                      "X-Forwarded-Host", "x-forwarded-proto", "Forwarded", "Via");
    CHECK(left_of(fields_of({{"Connection", name}, {name, "kept"}})) == Lines{name + ": kept"});
}

TEST_CASE("Connection options that name no field have no effect", "[filters]") {
    CHECK(left_of(fields_of({{"Connection", "close, keep-alive, upgrade, , TE"}, {"A", "1"}})) ==
          Lines{"A: 1"});
}

TEST_CASE("TE is removed, and its word for trailers is remembered", "[filters]") {
    const auto [value, takes_trailers] = GENERATE(table<std::string, bool>({
        {"trailers", true},
        {"Trailers", true},
        {"gzip, trailers", true},
        {"gzip;q=0.5", false},
        {"", false},
        {"trailersx", false},
    }));
    http::Fields fields = fields_of({{"TE", value}, {"Connection", "TE"}});
    CHECK(remove_hop_by_hop(fields).takes_trailers == takes_trailers);
    CHECK(fields.empty());
}

TEST_CASE("A flood of names in Connection costs bounded work and is reported", "[filters]") {
    std::string flood;
    for (int i = 0; i < 10'000; ++i) flood += "x" + std::to_string(i) + ",";
    http::Fields fields = fields_of({{"Connection", flood}, {"X0", "1"}, {"A", "2"}});
    CHECK(remove_hop_by_hop(fields).too_many_options);
    CHECK(lines_of(fields) == Lines{"A: 2"});

    http::Fields usual = fields_of({{"Connection", "close, X0"}, {"X0", "1"}});
    CHECK_FALSE(remove_hop_by_hop(usual).too_many_options);
}
