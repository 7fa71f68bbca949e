#include <array>
#include <catch2/catch.hpp>

#include "platform/shared_listener.hpp"
#include "unit/platform/client.hpp"

using namespace sluice::platform;

TEST_CASE("a listener on port zero tells its port and takes connections", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    CHECK(listener->port() != 0);
    CHECK(listener->address().text() == "127.0.0.1:" + std::to_string(listener->port()));
    Client client(listener->address());
    REQUIRE(client.is_connected());
    const auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    CHECK(accepted->peer.family == AddressFamily::Ipv4);
    CHECK(accepted->peer.text() == "127.0.0.1:" + std::to_string(client.port()));
}

TEST_CASE("accepting yields nothing while no connection waits", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    const auto accepted = accept_connection(listener->native_handle());
    REQUIRE(accepted);
    CHECK_FALSE(accepted->has_value());
}

TEST_CASE("accepting on something that is no listener is an error", "[platform]") {
    const auto accepted = accept_connection(no_socket);
    REQUIRE_FALSE(accepted);
    CHECK_FALSE(is_out_of_descriptors(accepted.error()));
}

TEST_CASE("a closed listener refuses connections", "[platform]") {
    auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    const ListenAddress address = listener->address();
    listener->close();
    CHECK_FALSE(listener->is_open());
    CHECK_FALSE(Client(address).is_connected());
}

TEST_CASE("a port in use is refused with its address, also beside sockets of one gateway",
          "[platform]") {
    const auto first = open_listener(any_loopback_port(), 16);
    REQUIRE(first);
    const auto second = open_listener(first->address(), 16);
    REQUIRE_FALSE(second);
    CHECK(second.error().context().find(first->address().text()) != std::string::npos);
    const auto sibling = open_sibling(*first, 16);
    CHECK_FALSE(open_listener(first->address(), 16));
}

TEST_CASE("a port is free again as soon as its listener is closed", "[platform]") {
    auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    const ListenAddress address = listener->address();
    {
        Client client(address);
        const auto accepted = accept_soon(*listener);
        REQUIRE(accepted);
    }
    listener->close();
    CHECK(open_listener(address, 16));
}

TEST_CASE("an address that is no literal of its kind is refused", "[platform]") {
    const std::array<ListenAddress, 5> refused{{{AddressFamily::Ipv4, "::1", 0},
                                                {AddressFamily::Ipv4, "localhost", 0},
                                                {AddressFamily::Ipv6, "127.0.0.1", 0},
                                                {AddressFamily::Ipv6, "[::1]", 0},
                                                {AddressFamily::Unix, std::string(300, 'x'), 0}}};
    for (const ListenAddress& address : refused) {
        INFO(address.text());
        CHECK_FALSE(open_listener(address, 16));
    }
}

TEST_CASE("an address of another machine is refused", "[platform]") {
    const auto listener = open_listener({AddressFamily::Ipv4, "192.0.2.1", 0}, 16);
    REQUIRE_FALSE(listener);
    CHECK(listener.error().cause());
}

TEST_CASE("the IPv6 wildcard is dual stack and reports IPv4 clients as IPv4", "[platform]") {
    const auto listener = open_listener({AddressFamily::Ipv6, "::", 0}, 16);
    REQUIRE(listener);
    Client over_v4({AddressFamily::Ipv4, "127.0.0.1", listener->port()});
    REQUIRE(over_v4.is_connected());
    auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    CHECK(accepted->peer.address_text() == "127.0.0.1");
    Client over_v6({AddressFamily::Ipv6, "::1", listener->port()});
    REQUIRE(over_v6.is_connected());
    accepted = accept_soon(*listener);
    REQUIRE(accepted);
    CHECK(accepted->peer.address_text() == "::1");
}

TEST_CASE("an IPv6 address other than the wildcard is IPv6 only", "[platform]") {
    const auto listener = open_listener({AddressFamily::Ipv6, "::1", 0}, 16);
    REQUIRE(listener);
    CHECK(Client(listener->address()).is_connected());
    REQUIRE(accept_soon(*listener));
    // Another process may have the same port of IPv4: if somebody answers there, it is not this listener.
    const Client over_v4({AddressFamily::Ipv4, "127.0.0.1", listener->port()});
    const auto accepted = accept_connection(listener->native_handle());
    REQUIRE(accepted);
    CHECK_FALSE(accepted->has_value());
}

TEST_CASE("sockets per worker spread connections evenly", "[platform]") {
    const auto first = open_listener(any_loopback_port(), 64);
    REQUIRE(first);
    const auto second = open_sibling(*first, 64);
    if (sharing_strategy(first->address()) == SharingStrategy::HandOver) {
        CHECK_FALSE(second);
        return;
    }
    REQUIRE(second);
    CHECK(second->port() == first->port());
    const int connections = 400;
    std::array<int, 2> taken{};
    for (int i = 0; i < connections; ++i) {
        Client client(first->address());
        REQUIRE(client.is_connected());
        // The connection is in one of the two queues when connect() has returned.
        for (std::size_t which = 0; which < taken.size(); ++which) {
            const OpenListener& listener = which == 0 ? *first : *second;
            const auto accepted = accept_connection(listener.native_handle());
            if (accepted && accepted->has_value()) ++taken[which];
        }
    }
    CHECK(taken[0] + taken[1] == connections);
    CHECK(taken[0] > connections / 4);
    CHECK(taken[1] > connections / 4);
}
