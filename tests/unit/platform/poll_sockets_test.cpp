#include "platform/poll_sockets.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "unit/platform/client.hpp"

using namespace sluice::platform;
using namespace std::chrono_literals;

TEST_CASE("polling tells which sockets are ready for what they wait for", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client speaking(listener->address());
    const auto heard = accept_soon(*listener);
    Client silent(listener->address());
    const auto waiting = accept_soon(*listener);
    REQUIRE(heard);
    REQUIRE(waiting);
    speaking.send("x");
    std::array sockets{PolledSocket{.socket = waiting->socket.get(), .wants_read = true},
                       PolledSocket{.socket = heard->socket.get(), .wants_read = true}};
    poll_sockets(sockets, 10s);
    CHECK_FALSE(sockets[0].can_read);
    CHECK(sockets[1].can_read);
    CHECK_FALSE(sockets[1].can_write);

    sockets[0].wants_write = true;
    poll_sockets(sockets, 10s);
    CHECK(sockets[0].can_write);
    CHECK_FALSE(sockets[0].can_read);
}

TEST_CASE("a connection that has ended is ready to be read", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client client(listener->address());
    const auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    client.close();
    std::array sockets{PolledSocket{.socket = accepted->socket.get(), .wants_read = true}};
    poll_sockets(sockets, 10s);
    CHECK(sockets[0].can_read);
}

TEST_CASE("a poll ends when its time is over, sockets or none", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client client(listener->address());
    const auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    std::array sockets{PolledSocket{.socket = accepted->socket.get(), .wants_read = true, .can_read = true}};
    poll_sockets(sockets, 1ms);
    CHECK_FALSE(sockets[0].can_read);

    const auto before = std::chrono::steady_clock::now();
    poll_sockets({}, 20ms);
    CHECK(std::chrono::steady_clock::now() - before >= 15ms);
}
