#include "app/inheritance.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <utility>

#include "config/address.hpp"
#include "platform/process_facts.hpp"

using namespace sluice;
using namespace sluice::app;

namespace {

/// A listener of the process before, bound to a port that the system chose.
struct Bound {
    platform::OpenListener socket;
    Bequest bequest;
};

Bound bind(const std::string& name, const std::string& configured, bool is_admin = false) {
    auto opened = platform::open_listener({platform::AddressFamily::Ipv4, "127.0.0.1", 0}, 8);
    REQUIRE(opened.has_value());
    Bound bound{std::move(*opened), {}};
    bound.bequest = {name, configured, is_admin, bound.socket.address()};
    return bound;
}

/// The listener on its way: this process plays both.
platform::HandoverMessage message_of(Bound& bound) {
    platform::HandoverMessage message{bequest_text(bound.bequest), {}};
    message.sockets.push_back(bound.socket.release());
    return message;
}

config::Listener wanted(const std::string& name, const std::string& address) {
    config::Listener listener;
    listener.name = name;
    listener.address = *config::parse_address(address);
    listener.backlog = 8;
    return listener;
}

}  // namespace

TEST_CASE("a listener on its way is written and read again", "[app]") {
    const Bequest bequest{"web\nand=more", "unix:/run/a b.sock", true, {platform::AddressFamily::Unix, "/run/a b.sock", 0}};
    const auto read = parse_bequest(bequest_text(bequest));
    REQUIRE(read.has_value());
    CHECK(*read == bequest);
    CHECK(read->bound.text() == bequest.bound.text());
    CHECK_FALSE(read->is_kept);
    CHECK_FALSE(parse_bequest("listener\nadmin=1").has_value());
    CHECK_FALSE(parse_bequest("something else").has_value());
}

TEST_CASE("what a later version tells beside is passed over", "[app]") {
    const auto read = parse_bequest("listener\nadmin=0\ntls=yes\nconfigured=127.0.0.1:80\nkind=4\nhost=127.0.0.1\nport=80\nname=web");
    REQUIRE(read.has_value());
    CHECK(read->name == "web");
    CHECK(read->bound.port == 80);
}

TEST_CASE("a listener is found by its address, and by its name where the system chose the port", "[app]") {
    Bound web = bind("web", "127.0.0.1:0");
    Bound admin = bind("admin", "127.0.0.1:0", true);
    const std::string place = web.bequest.bound.text();
    Inheritance inheritance;
    REQUIRE(inheritance.add(message_of(web)).has_value());
    REQUIRE(inheritance.add(message_of(admin)).has_value());
    CHECK(inheritance.take(wanted("other", "127.0.0.1:0"), false) == nullptr);
    CHECK(inheritance.take(wanted("admin", "127.0.0.1:0"), false) == nullptr);
    CHECK(inheritance.take(wanted("admin", "127.0.0.1:0"), true) != nullptr);
    // The port that was chosen before is written down by now.
    const auto taken = inheritance.take(wanted("renamed", place), false);
    REQUIRE(taken != nullptr);
    CHECK(taken->address().text() == place);
    CHECK(inheritance.close_rest().empty());
}

TEST_CASE("what nobody wants is closed", "[app]") {
    Bound web = bind("web", "127.0.0.1:0");
    const platform::ListenAddress place = web.bequest.bound;
    Inheritance inheritance;
    REQUIRE(inheritance.add(message_of(web)).has_value());
    const std::vector<Bequest> closed = inheritance.close_rest();
    REQUIRE(closed.size() == 1);
    CHECK(closed.front().bound.text() == place.text());
    CHECK(platform::open_listener(place, 8).has_value());
}

TEST_CASE("what the service manager keeps is said to the next process, and its file is never removed", "[app]") {
    const std::string path = "/tmp/sluice-kept-" + std::to_string(platform::pid()) + ".sock";
    auto opened = platform::open_listener({platform::AddressFamily::Unix, path, 0}, 8);
    if (!opened) return;  // A system without such sockets, or without such a folder.
    const Bequest bequest{"api", "unix:" + path, false, opened->address(), true};
    const auto read = parse_bequest(bequest_text(bequest));
    REQUIRE(read.has_value());
    CHECK(read->is_kept);
    Inheritance inheritance;
    std::vector<platform::OwnedSocket> sockets;
    sockets.push_back(opened->release());
    inheritance.add(*read, std::move(sockets));
    const auto taken = inheritance.take(wanted("web", "unix:" + path), false);
    REQUIRE(taken != nullptr);
    CHECK(taken->is_kept());
    taken->claim();
    taken->stop();
    CHECK(std::remove(path.c_str()) == 0);
}
