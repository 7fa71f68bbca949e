#include "net/resolver.hpp"

#include <catch2/catch.hpp>

#include "unit/net/dns_server.hpp"
#include "unit/platform/mailbox.hpp"

using namespace sluice;
using namespace sluice::net;
using namespace std::chrono_literals;

namespace {

/// What a resolver tells, in order.
class Told {
public:
    Resolver::Callback callback() {
        return [this](const Resolution& resolution) { told_.put(resolution); };
    }

    /// The next one that was not taken yet; waits for it.
    Resolution next() { return told_.take().value_or(Resolution{{}, "nothing was told"}); }

    /// How many were not taken yet.
    std::size_t count() { return told_.size(); }

private:
    platform::Mailbox<Resolution> told_;
};

/// Asks `server` alone; lookups are repeated as soon as may be when `interval` is short.
ResolverSettings asking(const DnsServer& server, Duration interval = 1h) {
    return {.servers = {server.address()}, .timeout = 2s, .tries = 3, .interval = interval, .min_interval = 1ms};
}

Query host(const std::string& name) { return {.kind = Query::Kind::Host, .name = name, .port = 80}; }
Query srv(const std::string& name) { return {.kind = Query::Kind::Srv, .name = name, .port = 0}; }

/// The end of a single lookup.
Resolution look_up(const ResolverSettings& settings, const Query& query) {
    Told told;
    Resolver resolver(settings);
    resolver.watch(query, told.callback());
    resolver.start();
    return told.next();
}

using Addresses = std::vector<ResolvedAddress>;
using Manner = DnsServer::Manner;

}  // namespace

TEST_CASE("a name becomes its IPv4 and IPv6 addresses, in order", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.2"), address_record("10.0.0.1"), address_record("2001:db8::1")});
    const Resolution found = look_up(asking(server), host("orders.test"));
    CHECK(found.error.empty());
    CHECK(found.addresses ==
          Addresses{{"10.0.0.1", 80, 1, 0}, {"10.0.0.2", 80, 1, 0}, {"2001:db8::1", 80, 1, 0}});
}

TEST_CASE("a literal needs no name server", "[net][resolver]") {
    DnsServer server;
    CHECK(look_up(asking(server), host("127.0.0.1")).addresses == Addresses{{"127.0.0.1", 80, 1, 0}});
    CHECK(look_up(asking(server), host("::1")).addresses == Addresses{{"::1", 80, 1, 0}});
}

TEST_CASE("a name that does not exist is told as that", "[net][resolver]") {
    DnsServer server;
    const Resolution found = look_up(asking(server), host("missing.test"));
    CHECK(found.addresses.empty());
    CHECK(found.error == "no such name (NXDOMAIN)");
}

TEST_CASE("a name without addresses is told as that", "[net][resolver]") {
    DnsServer server;
    server.set("text.test", {srv_record(1, 1, 80, "a.test")});
    CHECK(look_up(asking(server), host("text.test")).error == "the name has no addresses");
}

TEST_CASE("a silent name server ends a lookup in time, with its address", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {}, Manner::Silence);
    ResolverSettings settings = asking(server);
    settings.timeout = 20ms;
    settings.tries = 1;
    CHECK(look_up(settings, host("orders.test")).error == "no answer from " + server.address() + " in time");
    CHECK(look_up(settings, srv("orders.test")).error == "no answer from " + server.address() + " in time");
}

TEST_CASE("a failing name server is told as that", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {}, Manner::ServerFailure);
    CHECK(look_up(asking(server), host("orders.test")).error == "an error of " + server.address() + " (SERVFAIL)");
}

TEST_CASE("a second name server is asked when the first one fails", "[net][resolver]") {
    DnsServer failing;
    failing.set("orders.test", {}, Manner::ServerFailure);
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1")});
    ResolverSettings settings = asking(failing);
    settings.servers.push_back(server.address());
    CHECK(look_up(settings, host("orders.test")).addresses == Addresses{{"10.0.0.1", 80, 1, 0}});
}

TEST_CASE("an answer that is no DNS is a failure", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {}, Manner::Garbage);
    ResolverSettings settings = asking(server);
    settings.timeout = 20ms;
    settings.tries = 1;
    for (const Query& query : {host("orders.test"), srv("orders.test")}) {
        const Resolution found = look_up(settings, query);
        CHECK(found.addresses.empty());
        CHECK_FALSE(found.error.empty());
    }
}

TEST_CASE("an answer that is too long for UDP is fetched by TCP", "[net][resolver]") {
    DnsServer server;
    std::vector<DnsRecord> records;
    for (int i = 1; i <= 100; ++i) records.push_back(address_record("10.0.1." + std::to_string(i)));
    server.set("many.test", std::move(records), Manner::Truncate);
    const Resolution found = look_up(asking(server), host("many.test"));
    CHECK(found.error.empty());
    CHECK(found.addresses.size() == 100);
}

TEST_CASE("servers that cannot be understood fail each lookup", "[net][resolver]") {
    ResolverSettings settings;
    settings.servers = {"no address"};
    const Resolution found = look_up(settings, host("orders.test"));
    CHECK(found.error.starts_with("cannot ask no address: "));
}

TEST_CASE("SRV records become the addresses of their targets", "[net][resolver]") {
    DnsServer server;
    server.set("_http._tcp.orders.test", {srv_record(20, 5, 8082, "b.test"), srv_record(10, 0, 8081, "a.test")});
    server.set("a.test", {address_record("10.0.0.1"), address_record("2001:db8::1")});
    server.set("b.test", {address_record("10.0.0.2")});
    const Resolution found = look_up(asking(server), srv("_http._tcp.orders.test"));
    CHECK(found.error.empty());
    // Priorities become ranks, and a weight of 0 counts as 1.
    CHECK(found.addresses ==
          Addresses{{"10.0.0.1", 8081, 1, 0}, {"2001:db8::1", 8081, 1, 0}, {"10.0.0.2", 8082, 5, 1}});
}

TEST_CASE("a target that does not exist is left out", "[net][resolver]") {
    DnsServer server;
    server.set("_http._tcp.orders.test", {srv_record(1, 1, 81, "missing.test"), srv_record(2, 1, 82, "b.test")});
    server.set("b.test", {address_record("10.0.0.2")});
    CHECK(look_up(asking(server), srv("_http._tcp.orders.test")).addresses == Addresses{{"10.0.0.2", 82, 1, 0}});
    server.remove("b.test");
    CHECK(look_up(asking(server), srv("_http._tcp.orders.test")).error.ends_with(": no such name (NXDOMAIN)"));
}

TEST_CASE("a target that nobody can tell about fails the whole lookup", "[net][resolver]") {
    DnsServer server;
    server.set("_http._tcp.orders.test", {srv_record(1, 1, 81, "broken.test"), srv_record(2, 1, 82, "b.test")});
    server.set("broken.test", {}, Manner::ServerFailure);
    server.set("b.test", {address_record("10.0.0.2")});
    const Resolution found = look_up(asking(server), srv("_http._tcp.orders.test"));
    CHECK(found.addresses.empty());
    CHECK(found.error == "target broken.test: an error of " + server.address() + " (SERVFAIL)");
}

TEST_CASE("SRV records can say that there is no service, or be missing", "[net][resolver]") {
    DnsServer server;
    server.set("_http._tcp.orders.test", {srv_record(0, 0, 0, "")});
    CHECK(look_up(asking(server), srv("_http._tcp.orders.test")).error == "its SRV record says that there is no such service");
    server.set("_http._tcp.orders.test", {address_record("10.0.0.1")});
    CHECK(look_up(asking(server), srv("_http._tcp.orders.test")).error == "the name has no SRV records");
    CHECK(look_up(asking(server), srv("_http._tcp.missing.test")).error == "no such name (NXDOMAIN)");
}

TEST_CASE("changed addresses are told, equal ones are not", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1"), address_record("10.0.0.2")});
    Told told;
    Resolver resolver(asking(server, 1ms));
    resolver.watch(host("orders.test"), told.callback());
    resolver.start();
    CHECK(told.next().addresses.size() == 2);
    // The same in another order.
    server.set("orders.test", {address_record("10.0.0.2"), address_record("10.0.0.1")});
    REQUIRE(server.wait_for_questions("orders.test", 20));
    CHECK(told.count() == 0);
    server.set("orders.test", {address_record("10.0.0.3")});
    CHECK(told.next().addresses == Addresses{{"10.0.0.3", 80, 1, 0}});
}

TEST_CASE("a name is looked up again when its TTL is over, before the interval is", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1", 0), address_record("10.0.0.2", 3600)});
    server.set("lasting.test", {address_record("10.0.0.1", 3600)});
    Told told;
    Told lasting;
    Resolver resolver(asking(server, 1h));
    resolver.watch(host("orders.test"), told.callback());
    resolver.watch(host("lasting.test"), lasting.callback());
    resolver.start();
    CHECK(told.next().error.empty());
    CHECK(lasting.next().error.empty());
    server.set("lasting.test", {address_record("10.0.0.9", 3600)});
    server.set("orders.test", {address_record("10.0.0.3", 3600)});
    CHECK(told.next().addresses == Addresses{{"10.0.0.3", 80, 1, 0}});
    CHECK(lasting.count() == 0);
}

TEST_CASE("the TTL of an SRV record counts too", "[net][resolver]") {
    DnsServer server;
    server.set("_http._tcp.orders.test", {srv_record(1, 1, 81, "a.test", 0)});
    server.set("a.test", {address_record("10.0.0.1")});
    Told told;
    Resolver resolver(asking(server, 1h));
    resolver.watch(srv("_http._tcp.orders.test"), told.callback());
    resolver.start();
    CHECK(told.next().addresses == Addresses{{"10.0.0.1", 81, 1, 0}});
    server.set("_http._tcp.orders.test", {srv_record(1, 1, 82, "a.test", 0)});
    CHECK(told.next().addresses == Addresses{{"10.0.0.1", 82, 1, 0}});
}

TEST_CASE("a failure is told, and so is the success after it", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1")});
    Told told;
    Resolver resolver(asking(server, 1ms));
    resolver.watch(host("orders.test"), told.callback());
    resolver.start();
    CHECK(told.next().error.empty());
    server.remove("orders.test");
    CHECK(told.next().error == "no such name (NXDOMAIN)");
    server.set("orders.test", {address_record("10.0.0.1")});
    Resolution last = told.next();
    while (last.error == "no such name (NXDOMAIN)") last = told.next();
    CHECK(last.addresses == Addresses{{"10.0.0.1", 80, 1, 0}});
}

TEST_CASE("waiting for the first lookups ends when each has ended, in success or failure", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1")});
    Told told;
    Resolver resolver(asking(server));
    resolver.watch(host("orders.test"), told.callback());
    resolver.watch(host("missing.test"), told.callback());
    resolver.start();
    CHECK(resolver.wait_first(10s));
    CHECK(told.count() == 2);
}

TEST_CASE("waiting for the first lookups ends when its time is over", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {}, Manner::Silence);
    Told told;
    Resolver resolver(asking(server));
    resolver.watch(host("orders.test"), told.callback());
    resolver.start();
    CHECK_FALSE(resolver.wait_first(1ms));
    CHECK(told.count() == 0);
}

TEST_CASE("a resolver stops soon while a name server is silent, and tells nothing more", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {}, Manner::Silence);
    Told told;
    Resolver resolver(asking(server));
    resolver.watch(host("orders.test"), told.callback());
    resolver.watch(srv("orders.test"), told.callback());
    resolver.start();
    REQUIRE(server.wait_for_questions("orders.test", 3));
    const TimePoint before = Clock::now();
    resolver.stop();
    CHECK(Clock::now() - before < 1s);
    CHECK(told.count() == 0);
    resolver.stop();
}

TEST_CASE("a resolver that waits for the next lookup, or has no name, stops at once", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1")});
    Told told;
    Resolver resolver(asking(server));
    resolver.watch(host("orders.test"), told.callback());
    resolver.start();
    REQUIRE(resolver.wait_first(10s));
    Resolver idle(asking(server));
    idle.start();
    CHECK(idle.wait_first(10s));
    const TimePoint before = Clock::now();
    resolver.stop();
    idle.stop();
    CHECK(Clock::now() - before < 1s);
}

TEST_CASE("a name that is watched while the resolver runs is looked up at once", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1")});
    server.set("users.test", {address_record("10.0.0.2")});
    Told orders;
    Told users;
    Resolver resolver(asking(server));
    resolver.watch(host("orders.test"), orders.callback());
    resolver.start();
    CHECK(orders.next().addresses == Addresses{{"10.0.0.1", 80, 1, 0}});
    resolver.watch(host("users.test"), users.callback());
    CHECK(resolver.wait_first(30s));
    CHECK(users.next().addresses == Addresses{{"10.0.0.2", 80, 1, 0}});
    CHECK(orders.count() == 0);
}

TEST_CASE("a name that is no longer watched is told nothing, and nobody waits for it", "[net][resolver]") {
    DnsServer server;
    server.set("orders.test", {address_record("10.0.0.1")});
    Told orders;
    Told gone;
    Resolver resolver(asking(server, 1ms));
    const Resolver::Watch watch = resolver.watch(host("orders.test"), gone.callback());
    resolver.unwatch(watch);
    resolver.start();
    resolver.watch(host("orders.test"), orders.callback());
    CHECK(resolver.wait_first(30s));
    CHECK(orders.next().addresses == Addresses{{"10.0.0.1", 80, 1, 0}});
    server.set("orders.test", {address_record("10.0.0.2")});
    CHECK(orders.next().addresses == Addresses{{"10.0.0.2", 80, 1, 0}});
    CHECK(gone.count() == 0);
}
