#include "net/srv_reply.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "unit/net/dns_server.hpp"

using namespace sluice;
using namespace sluice::net;
using namespace std::chrono_literals;

namespace {

void append(DnsBytes& out, const DnsBytes& more) { out.insert(out.end(), more.begin(), more.end()); }

/// A reply to a question for SRV records of "_http._tcp.orders.test", with these records.
DnsBytes reply_with(const std::vector<DnsRecord>& records) {
    DnsBytes out{0x12, 0x34, 0x85, 0x80, 0, 1, 0, static_cast<std::uint8_t>(records.size()), 0, 0, 0, 0};
    append(out, encoded_name("_http._tcp.orders.test"));
    append(out, {0, 33, 0, 1});
    for (const DnsRecord& record : records) {
        const auto ttl = [&](int shift) { return static_cast<std::uint8_t>(record.ttl >> shift); };
        append(out, {0xC0, 12, 0, static_cast<std::uint8_t>(record.type), 0, 1, ttl(24), ttl(16), ttl(8), ttl(0)});
        append(out, {0, static_cast<std::uint8_t>(record.data.size())});
        append(out, record.data);
    }
    return out;
}

/// An SRV record whose target is these bytes.
DnsRecord srv_to(const DnsBytes& target) {
    DnsRecord record = srv_record(1, 2, 80, "", 60);
    // Without the root's label.
    record.data.pop_back();
    append(record.data, target);
    return record;
}

}  // namespace

TEST_CASE("SRV records are read with the shortest TTL of the answer", "[net][resolver]") {
    const auto reply = parse_srv_reply(
        reply_with({srv_record(10, 5, 8080, "a.test", 300), srv_record(20, 0, 8081, "b.test", 60), address_record("10.0.0.1", 90)}));
    REQUIRE(reply);
    CHECK(reply->records == std::vector<SrvRecord>{{"a.test", 8080, 5, 10}, {"b.test", 8081, 0, 20}});
    CHECK(reply->ttl == 60s);
}

TEST_CASE("a compressed target is followed backwards", "[net][resolver]") {
    // "a" and then what stands in the question behind "_http._tcp".
    const auto reply = parse_srv_reply(reply_with({srv_to({1, 'a', 0xC0, 23})}));
    REQUIRE(reply);
    CHECK(reply->records.at(0).target == "a.orders.test");
}

TEST_CASE("a pointer that leads nowhere new is refused", "[net][resolver]") {
    const std::uint8_t target_at = 12 + 24 + 4 + 12 + 6;
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({0xC0, target_at})})));
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({0xC0, target_at + 2, 0xC0, target_at})})));
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({0xFF, 0xFF})})));
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({1, 'a', 0xC0, target_at})})));
}

TEST_CASE("targets that are no host names are refused", "[net][resolver]") {
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({3, 'a', '.', 'b', 0})})));
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({3, 'a', '\0', 'b', 0})})));
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({3, 'a', '\\', 'b', 0})})));
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({0x80, 'a', 0})})));
}

TEST_CASE("an empty target and an empty answer are read", "[net][resolver]") {
    const auto no_service = parse_srv_reply(reply_with({srv_to({0})}));
    REQUIRE(no_service);
    CHECK(no_service->records.at(0).target.empty());
    const auto nothing = parse_srv_reply(reply_with({}));
    REQUIRE(nothing);
    CHECK(nothing->records.empty());
}

TEST_CASE("a TTL with the highest bit set is none", "[net][resolver]") {
    const auto reply = parse_srv_reply(reply_with({srv_record(1, 1, 80, "a.test", 0x8000'0000)}));
    REQUIRE(reply);
    CHECK(reply->ttl == 0s);
}

TEST_CASE("a reply that is cut off anywhere is refused", "[net][resolver]") {
    const DnsBytes whole = reply_with({srv_record(10, 5, 8080, "a.test"), srv_record(20, 0, 8081, "b.test")});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(parse_srv_reply(std::span(whole).first(size)));
    }
    CHECK(parse_srv_reply(whole));
}

TEST_CASE("a record whose length does not fit its target is refused", "[net][resolver]") {
    CHECK_FALSE(parse_srv_reply(reply_with({srv_to({1, 'a', 0, 0})})));
    CHECK_FALSE(parse_srv_reply(reply_with({{.type = dns_type::srv, .ttl = 1, .data = {0, 1, 0, 2}}})));
}

TEST_CASE("replies with bytes changed at random are read or refused", "[net][resolver]") {
    const DnsBytes whole = reply_with({srv_record(10, 5, 8080, "a.test"), srv_to({1, 'a', 0xC0, 23})});
    Random random(7);
    std::size_t read = 0;
    for (int round = 0; round < 20'000; ++round) {
        DnsBytes changed = whole;
        for (std::uint32_t i = 0; i <= random.below(4); ++i) {
            changed[random.below(static_cast<std::uint32_t>(changed.size()))] = static_cast<std::uint8_t>(random.next());
        }
        if (parse_srv_reply(changed)) ++read;
    }
    CHECK(read > 0);
    CHECK(read < 20'000);
}
