#include "platform/socket.hpp"

#include <catch2/catch.hpp>

#include "unit/platform/client.hpp"

using namespace sluice::platform;

TEST_CASE("a peer is written as its address and port", "[platform]") {
    Peer peer;
    CHECK(peer.text() == "unix");
    peer = {.address = {192, 0, 2, 1}, .family = AddressFamily::Ipv4, .port = 5000};
    CHECK(peer.address_text() == "192.0.2.1");
    CHECK(peer.text() == "192.0.2.1:5000");
    peer = {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
            .family = AddressFamily::Ipv6,
            .port = 5000};
    CHECK(peer.address_text() == "2001:db8::1");
    CHECK(peer.text() == "[2001:db8::1]:5000");
}

TEST_CASE("peeking tells silence, data and the end of input apart", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client client(listener->address());
    const auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    const NativeSocket socket = accepted->socket.get();
    CHECK(peek_state(socket) == PeekState::Open);
    client.shutdown_send();
    CHECK(peek_until_changed(socket) == PeekState::Closed);
}

TEST_CASE("peeking leaves the data where it is", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client client(listener->address());
    const auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    client.send("x");
    CHECK(peek_until_changed(accepted->socket.get()) == PeekState::HasData);
    CHECK(peek_state(accepted->socket.get()) == PeekState::HasData);
    // Data before the end of input is data.
    client.shutdown_send();
    CHECK(peek_state(accepted->socket.get()) == PeekState::HasData);
}

TEST_CASE("an owned socket that is moved from owns nothing", "[platform]") {
    auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client client(listener->address());
    auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    OwnedSocket first = std::move(accepted->socket);
    OwnedSocket second;
    second = std::move(first);
    CHECK(second.is_open());
    second.reset();
    CHECK_FALSE(second.is_open());
    CHECK(client.receive().empty());
}
