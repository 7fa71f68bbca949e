#include "filters/forwarded.hpp"

#include <catch2/catch.hpp>

#include "config/address.hpp"
#include "field_lines.hpp"

using namespace sluice;
using namespace sluice::filters::test;
using filters::Forwarded;

namespace {

config::Forwarding settings(bool x_forwarded, bool forwarded) {
    config::Forwarding result;
    result.trusted_proxies = {config::parse_network("10.0.0.0/8").value()};
    result.x_forwarded = x_forwarded;
    result.forwarded = forwarded;
    result.via.clear();
    result.request_id_header.clear();
    return result;
}

/// The lines that a request from `peer` for https://example.com:8443 goes upstream with.
Lines forwarded(const config::Forwarding& settings, std::string_view peer, http::Fields fields,
                std::string_view authority = "example.com:8443") {
    const Forwarded filter(settings);
    Arena arena;
    filter.apply(fields, {filter.make_peer(peer), "https", authority, 1, 1, "id-1"}, arena);
    for (const http::Field& field : fields) CHECK(field.id == http::field_id(field.name));
    return lines_of(fields);
}

}  // namespace

TEST_CASE("Upstreams learn address, scheme and host of a request", "[filters]") {
    CHECK(forwarded(settings(true, false), "192.0.2.1", fields_of({{"Accept", "*/*"}})) ==
          Lines{"Accept: */*", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https",
                "X-Forwarded-Host: example.com:8443"});
}

TEST_CASE("What a stranger says about its client is removed and replaced", "[filters]") {
    const http::Fields forged = fields_of({{"X-Forwarded-For", "1.1.1.1"},
                                           {"x-forwarded-proto", "http"},
                                           {"A", "1"},
                                           {"X-Forwarded-Host", "evil"},
                                           {"X-Forwarded-Port", "1"},
                                           {"X-Forwarded-Anything", "1"},
                                           {"X-Real-IP", "1.1.1.1"},
                                           {"Forwarded", "for=1.1.1.1"},
                                           {"X-Real-Estate", "house"},
                                           {"X-Forwarded-For", "2.2.2.2"}});
    CHECK(forwarded(settings(true, false), "192.0.2.1", forged) ==
          Lines{"A: 1", "X-Real-Estate: house", "X-Forwarded-For: 192.0.2.1",
                "X-Forwarded-Proto: https", "X-Forwarded-Host: example.com:8443"});
    CHECK(forwarded(settings(false, false), "192.0.2.1", forged) ==
          Lines{"A: 1", "X-Real-Estate: house"});
}

TEST_CASE("What a trusted peer says is kept and extended", "[filters]") {
    CHECK(forwarded(settings(true, false), "10.1.2.3",
                    fields_of({{"X-Forwarded-For", "192.0.2.1"},
                               {"X-Forwarded-Proto", "http"},
                               {"X-Forwarded-Host", "shop.example"},
                               {"X-Real-IP", "192.0.2.1"},
                               {"X-Forwarded-For", "192.0.2.2"}})) ==
          Lines{"X-Forwarded-Proto: http", "X-Forwarded-Host: shop.example", "X-Real-IP: 192.0.2.1",
                "X-Forwarded-For: 192.0.2.1, 192.0.2.2, 10.1.2.3"});
}

TEST_CASE("What a trusted peer leaves out is added", "[filters]") {
    CHECK(forwarded(settings(true, false), "10.1.2.3", {}) ==
          Lines{"X-Forwarded-For: 10.1.2.3", "X-Forwarded-Proto: https",
                "X-Forwarded-Host: example.com:8443"});
}

TEST_CASE("A trusted peer's word passes where the gateway adds nothing of its own", "[filters]") {
    CHECK(
        forwarded(settings(false, false), "10.1.2.3",
                  fields_of({{"X-Forwarded-For", "192.0.2.1"}, {"Forwarded", "for=192.0.2.1"}})) ==
        Lines{"X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1"});
}

TEST_CASE("Forwarded has the syntax of RFC 7239", "[filters]") {
    const auto [peer, authority, line] = GENERATE(table<std::string, std::string, std::string>({
        {"192.0.2.1", "example.com", "for=192.0.2.1;host=example.com;proto=https"},
        {"192.0.2.1", "example.com:80", "for=192.0.2.1;host=\"example.com:80\";proto=https"},
        {"2001:db8::1", "[2001:db8::2]",
         "for=\"[2001:db8::1]\";host=\"[2001:db8::2]\";proto=https"},
        {"::ffff:192.0.2.1", "a", "for=192.0.2.1;host=a;proto=https"},
        {"", "a", "for=unknown;host=a;proto=https"},
        {"unix", "a", "for=unknown;host=a;proto=https"},
        {"192.0.2.1", "", "for=192.0.2.1;proto=https"},
        {"192.0.2.1", "a\"b\\", "for=192.0.2.1;host=\"a\\\"b\\\\\";proto=https"},
    }));
    CHECK(forwarded(settings(false, true), peer, {}, authority) == Lines{"Forwarded: " + line});
}

TEST_CASE("Forwarded of a trusted peer is extended, a stranger's replaced", "[filters]") {
    const http::Fields fields =
        fields_of({{"Forwarded", "for=192.0.2.9"}, {"Forwarded", "for=192.0.2.8"}});
    CHECK(forwarded(settings(false, true), "10.0.0.1", fields, "a") ==
          Lines{"Forwarded: for=192.0.2.9, for=192.0.2.8, for=10.0.0.1;host=a;proto=https"});
    CHECK(forwarded(settings(false, true), "192.0.2.1", fields, "a") ==
          Lines{"Forwarded: for=192.0.2.1;host=a;proto=https"});
}

TEST_CASE("A request without authority brings no X-Forwarded-Host", "[filters]") {
    CHECK(forwarded(settings(true, false), "192.0.2.1", {}, "") ==
          Lines{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"});
}

TEST_CASE("Via is added after those of others and names the version received", "[filters]") {
    config::Forwarding only_via = settings(false, false);
    only_via.via = "sluice";
    const Forwarded filter(only_via);
    Arena arena;
    const std::uint8_t minor_version = GENERATE(std::uint8_t{0}, std::uint8_t{1});
    http::Fields fields = fields_of({{"Via", "1.0 fred"}});
    filter.apply(fields, {filter.make_peer("192.0.2.1"), "http", "a", 1, minor_version, {}}, arena);
    CHECK(lines_of(fields) ==
          Lines{"Via: 1.0 fred", minor_version == 0 ? "Via: 1.0 sluice" : "Via: 1.1 sluice"});
}

TEST_CASE("Addresses mapped into IPv6 fall under the rules for IPv4", "[filters]") {
    const Forwarded filter(settings(true, false));
    const auto [address, text, is_trusted] = GENERATE(table<std::string, std::string, bool>({
        {"10.0.0.1", "10.0.0.1", true},
        {"::ffff:10.0.0.1", "10.0.0.1", true},
        {"11.0.0.1", "11.0.0.1", false},
        {"::ffff:11.0.0.1", "11.0.0.1", false},
        {"2001:db8::1", "2001:db8::1", false},
        {"", "unknown", false},
    }));
    const filters::Peer peer = filter.make_peer(address);
    CHECK(peer.text == text);
    CHECK(peer.is_trusted == is_trusted);
}

TEST_CASE("Nobody is trusted by default", "[filters]") {
    const Forwarded filter{config::Forwarding{}};
    const std::string address = GENERATE("127.0.0.1", "::1", "10.0.0.1", "0.0.0.0", "");
    CHECK_FALSE(filter.make_peer(address).is_trusted);
}
