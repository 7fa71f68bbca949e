#include "http/authority.hpp"

#include <catch2/catch.hpp>

#include <string>

using sluice::http::is_ipv4_address;
using sluice::http::is_ipv6_address;
using sluice::http::parse_authority;

TEST_CASE("parse_authority splits host and port", "[http]") {
    const auto [text, host, port] = GENERATE(table<std::string, std::string, std::string>({
        {"exam", "exam", ""},
        {"exam:80", "exam", "80"},
        {"a.b-c_d~e.:0", "a.b-c_d~e.", "0"},
        {"127.0.0.1:65535", "127.0.0.1", "65535"},
        {"[::]", "[::]", ""},
        {"[::1]:1", "[::1]", "1"},
    }));
    const auto authority = parse_authority(text);
    REQUIRE(authority);
    CHECK(authority->host == host);
    CHECK(authority->port == port);
}

TEST_CASE("parse_authority refuses what is not a host with an optional port", "[http]") {
    const std::string text =
        GENERATE(as<std::string>(), "", ":", ":80", "a:", "a:65536", "a:-1", "a:1x", "a b", "a@b",
                 "a/b", "a,b", "a%20", "a;b", "[", "[]", "[::1", "[::1]x", "[::1]:", "[::1%eth0]",
                 "::1", "a:1:2", "[a]");
    INFO(text);
    CHECK_FALSE(parse_authority(text));
}

TEST_CASE("A host may have 255 bytes and no more", "[http]") {
    CHECK(parse_authority(std::string(255, 'a')));
    CHECK_FALSE(parse_authority(std::string(256, 'a')));
}

TEST_CASE("is_ipv6_address follows RFC 3986", "[http]") {
    for (const char* good :
         {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8",
          "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "ABCD::ef01"}) {
        INFO(good);
        CHECK(is_ipv6_address(good));
    }
    for (const char* bad :
         {"", ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
          "1:2:3:4:5:6:7::8", "12345::", "g::", "::1.2.3", "::1.2.3.4.5", "::1.2.3.256", "1.2.3.4",
          "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "1:::2"}) {
        INFO(bad);
        CHECK_FALSE(is_ipv6_address(bad));
    }
}

TEST_CASE("is_ipv4_address wants four numbers without padding", "[http]") {
    for (const char* good : {"0.0.0.0", "1.2.3.4", "255.255.255.255"}) CHECK(is_ipv4_address(good));
    for (const char* bad : {"", "1", "1.2.3", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
                            "1..2.3", "1.2.3.4a", "a", "1111.2.3.4"}) {
        INFO(bad);
        CHECK_FALSE(is_ipv4_address(bad));
    }
}
