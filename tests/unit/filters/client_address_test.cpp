#include <catch2/catch.hpp>

#include "config/address.hpp"
#include "field_lines.hpp"
#include "filters/forwarded.hpp"

using namespace sluice;
using namespace sluice::filters::test;

namespace {

std::string client_of(std::string_view peer, const http::Fields& fields) {
    config::Forwarding settings;
    settings.trusted_proxies = {config::parse_network("10.0.0.0/8").value(),
                                config::parse_network("2001:db8::/32").value()};
    const filters::Forwarded filter(settings);
    return std::string(filter.client_address(filter.make_peer(peer), fields));
}

}  // namespace

TEST_CASE("The client is the right-most address that is not trusted", "[filters]") {
    const auto [list, client] = GENERATE(table<std::string, std::string>({
        {"192.0.2.1", "192.0.2.1"},
        {"6.6.6.6, 192.0.2.1", "192.0.2.1"},
        {"6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"},
        {"6.6.6.6,192.0.2.1,10.0.0.2,10.0.0.3", "192.0.2.1"},
        {"10.0.0.9, 10.0.0.2", "10.0.0.9"},
        {"192.0.2.1:5000, 10.0.0.2:80", "192.0.2.1"},
        {"[2001:db9::1]:5000, 2001:db8::7", "2001:db9::1"},
        {"2001:db9::1", "2001:db9::1"},
        {"192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"},
        {"192.0.2.1, , 10.0.0.2", "10.0.0.2"},
        {"nonsense", "10.0.0.1"},
        {"", "10.0.0.1"},
        {",", "10.0.0.1"},
        {"[", "10.0.0.1"},
    }));
    CHECK(client_of("10.0.0.1", fields_of({{"X-Forwarded-For", list}})) == client);
}

TEST_CASE("A list over several fields is read from its end", "[filters]") {
    CHECK(client_of("10.0.0.1", fields_of({{"X-Forwarded-For", "6.6.6.6"},
                                           {"A", "1"},
                                           {"X-Forwarded-For", "192.0.2.1, 10.0.0.2"},
                                           {"X-Forwarded-For", "10.0.0.3"}})) == "192.0.2.1");
}

TEST_CASE("A stranger is the client whatever it says", "[filters]") {
    CHECK(client_of("192.0.2.1", fields_of({{"X-Forwarded-For", "6.6.6.6"}})) == "192.0.2.1");
    CHECK(client_of("::ffff:192.0.2.1", fields_of({{"X-Forwarded-For", "6.6.6.6"}})) ==
          "192.0.2.1");
    CHECK(client_of("unix", fields_of({{"X-Forwarded-For", "6.6.6.6"}})) == "unknown");
}

TEST_CASE("A trusted peer that says nothing is the client", "[filters]") {
    CHECK(client_of("10.0.0.1", fields_of({{"A", "1"}})) == "10.0.0.1");
}
