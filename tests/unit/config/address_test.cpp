#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/address.hpp"

namespace sluice::config {
namespace {

using Kind = Address::Kind;

std::vector<std::uint8_t> bytes_of(const std::string& ip) {
    const auto network = parse_ip(ip);
    REQUIRE(network);
    const std::size_t length = network->kind == Kind::Ipv4 ? 4 : 16;
    return {network->bytes.begin(), network->bytes.begin() + static_cast<std::ptrdiff_t>(length)};
}

bool is_in(const std::string& network, const std::string& ip) {
    const auto parsed = parse_network(network);
    REQUIRE(parsed);
    return contains(*parsed, parse_ip(ip)->kind, bytes_of(ip));
}

}  // namespace

TEST_CASE("an address is read with its kind, host and port and written back in one form",
          "[config]") {
    struct Row {
        const char* text;
        Kind kind;
        const char* host;
        int port;
        const char* written;
    };
    const auto row = GENERATE(values<Row>({
        {"127.0.0.1:8080", Kind::Ipv4, "127.0.0.1", 8080, "127.0.0.1:8080"},
        {"0.0.0.0:0", Kind::Ipv4, "0.0.0.0", 0, "0.0.0.0:0"},
        {"255.255.255.255:65535", Kind::Ipv4, "255.255.255.255", 65535, "255.255.255.255:65535"},
        {"[::1]:8080", Kind::Ipv6, "::1", 8080, "[::1]:8080"},
        {"[::]:80", Kind::Ipv6, "::", 80, "[::]:80"},
        {"[0:0:0:0:0:0:0:1]:80", Kind::Ipv6, "::1", 80, "[::1]:80"},
        {"[2001:DB8::00FF]:443", Kind::Ipv6, "2001:db8::ff", 443, "[2001:db8::ff]:443"},
        {"[1:0:0:2:0:0:0:3]:1", Kind::Ipv6, "1:0:0:2::3", 1, "[1:0:0:2::3]:1"},
        {"[1:0:2:3:4:5:6:7]:1", Kind::Ipv6, "1:0:2:3:4:5:6:7", 1, "[1:0:2:3:4:5:6:7]:1"},
        {"[1::]:1", Kind::Ipv6, "1::", 1, "[1::]:1"},
        {"[::ffff:10.0.0.1]:1", Kind::Ipv6, "::ffff:10.0.0.1", 1, "[::ffff:10.0.0.1]:1"},
        {"[64:ff9b::1.2.3.4]:1", Kind::Ipv6, "64:ff9b::102:304", 1, "[64:ff9b::102:304]:1"},
        {"orders.internal:8080", Kind::Name, "orders.internal", 8080, "orders.internal:8080"},
        {"LocalHost:1", Kind::Name, "localhost", 1, "localhost:1"},
        {"my_service:1", Kind::Name, "my_service", 1, "my_service:1"},
        {"orders.internal.:80", Kind::Name, "orders.internal.", 80, "orders.internal.:80"},
        {"unix:/run/sluice.sock", Kind::UnixPath, "/run/sluice.sock", 0, "unix:/run/sluice.sock"},
        {"unix:C:/sluice.sock", Kind::UnixPath, "C:/sluice.sock", 0, "unix:C:/sluice.sock"},
    }));
    CAPTURE(row.text);
    const auto address = parse_address(row.text);
    REQUIRE(address);
    CHECK(address->kind == row.kind);
    CHECK(address->host == row.host);
    CHECK(address->port == row.port);
    CHECK(address->text() == row.written);
    CHECK(parse_address(address->text()) == *address);
}

TEST_CASE("what is not an address is refused with a reason and a remedy", "[config]") {
    const std::string text = GENERATE(values<std::string>({"",
                                                           ":",
                                                           ":8080",
                                                           "*:8080",
                                                           "127.0.0.1",
                                                           "127.0.0.1:",
                                                           "127.0.0.1:-1",
                                                           "127.0.0.1:65536",
                                                           "127.0.0.1:080",
                                                           "127.0.0.1: 80",
                                                           "127.0.0.1:80 ",
                                                           " 127.0.0.1:80",
                                                           "127.0.0.256:80",
                                                           "127.0.0:80",
                                                           "127.0.0.1.1:80",
                                                           "010.0.0.1:80",
                                                           "1.2.3.4.:80",
                                                           "0x7f.0.0.1:80",
                                                           "[::1]",
                                                           "::1:80",
                                                           "[::1:80",
                                                           "::1]:80",
                                                           "[]:80",
                                                           "[1]:80",
                                                           "[:::]:80",
                                                           "[1::2::3]:80",
                                                           "[12345::]:80",
                                                           "[g::]:80",
                                                           "[1:2:3:4:5:6:7:8:9]:80",
                                                           "[1:2:3:4:5:6:7]:80",
                                                           "[1:2:3:4:5:6:7:8::]:80",
                                                           "[::1.2.3]:80",
                                                           "[1.2.3.4::]:80",
                                                           "[1:2:3:4:5:6:7:1.2.3.4]:80",
                                                           "[fe80::1%eth0]:80",
                                                           "[:1]:80",
                                                           "[1:]:80",
                                                           "http://127.0.0.1:80",
                                                           "name",
                                                           "-name:80",
                                                           "name-:80",
                                                           "a..b:80",
                                                           ".a:80",
                                                           "na me:80",
                                                           "na/me:80",
                                                           "user@name:80",
                                                           "n\xC3\xA4me:80",
                                                           "unix:",
                                                           "unix:/a\nb",
                                                           std::string("a\0b:80", 6),
                                                           std::string(64, 'a') + ":80",
                                                           "unix:/" + std::string(103, 'a')}));
    CAPTURE(text);
    const auto address = parse_address(text);
    REQUIRE_FALSE(address);
    CHECK_FALSE(address.error().message.empty());
    CHECK_FALSE(address.error().help.empty());
}

TEST_CASE("a network holds its addresses and no others", "[config]") {
    CHECK(is_in("10.0.0.0/8", "10.255.255.255"));
    CHECK_FALSE(is_in("10.0.0.0/8", "11.0.0.0"));
    CHECK(is_in("10.128.0.0/9", "10.128.0.1"));
    CHECK_FALSE(is_in("10.128.0.0/9", "10.127.255.255"));
    CHECK(is_in("192.168.1.4/30", "192.168.1.7"));
    CHECK_FALSE(is_in("192.168.1.4/30", "192.168.1.8"));
    CHECK(is_in("0.0.0.0/0", "203.0.113.9"));
    CHECK_FALSE(is_in("0.0.0.0/0", "::1"));
    CHECK(is_in("127.0.0.1", "127.0.0.1"));
    CHECK_FALSE(is_in("127.0.0.1", "127.0.0.2"));
    CHECK(is_in("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(is_in("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(is_in("::/0", "2001:db8::1"));
    CHECK_FALSE(is_in("::/0", "127.0.0.1"));
    CHECK(is_in("::1", "::1"));
}

TEST_CASE("an IPv4-mapped IPv6 address lies in IPv4 networks", "[config]") {
    std::array<std::uint8_t, 16> mapped{};
    mapped[10] = mapped[11] = 0xFF;
    mapped[12] = 10;
    mapped[15] = 1;
    CHECK(contains(*parse_network("10.0.0.0/8"), Kind::Ipv6, mapped));
    CHECK_FALSE(contains(*parse_network("11.0.0.0/8"), Kind::Ipv6, mapped));
    CHECK(parse_network("::ffff:10.0.0.0/104") == parse_network("10.0.0.0/8"));
    CHECK(parse_network("::ffff:10.0.0.1") == parse_network("10.0.0.1"));
    CHECK(parse_ip("::ffff:10.0.0.1") == parse_ip("10.0.0.1"));
}

TEST_CASE("bytes of another length than the kind's lie in no network", "[config]") {
    const std::array<std::uint8_t, 3> bytes{10, 0, 0};
    CHECK_FALSE(contains(*parse_network("10.0.0.0/8"), Kind::Ipv4, bytes));
    CHECK_FALSE(contains(*parse_network("::/0"), Kind::Ipv6, bytes));
}

TEST_CASE("what is not a network is refused", "[config]") {
    const std::string text = GENERATE(values<std::string>(
        {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
         "10.0.0.0/8 ", "10.0.0.1/8", "10.0.0/8", "::/129", "2001:db8::1/32", "[::1]/128", "name",
         "name/8", "10.0.0.0:80", "fe80::1%eth0"}));
    CAPTURE(text);
    CHECK_FALSE(parse_network(text));
}

TEST_CASE("a network with bits behind its prefix is told what would be right", "[config]") {
    CHECK(parse_network("10.1.2.3/9").error().help.starts_with("write \"10.0.0.0/9\""));
    CHECK(parse_network("2001:db8:ffff::/33")
              .error()
              .help.starts_with("write \"2001:db8:8000::/33\""));
}

}  // namespace sluice::config
