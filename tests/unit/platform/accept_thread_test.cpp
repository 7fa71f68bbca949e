#include "platform/accept_thread.hpp"

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <vector>

#include "platform/shared_listener.hpp"
#include "unit/platform/client.hpp"
#include "unit/platform/mailbox.hpp"

using namespace sluice::platform;

namespace {

AcceptThread::Deliver into(Mailbox<Accepted>& mailbox) {
    return [&mailbox](Accepted accepted) { mailbox.put(std::move(accepted)); };
}

}  // namespace

TEST_CASE("the accept thread delivers connections of all its listeners", "[platform]") {
    const auto first = open_listener(any_loopback_port(), 16);
    const auto second = open_listener(any_loopback_port(), 16);
    REQUIRE((first && second));
    Mailbox<Accepted> accepted;
    AcceptThread thread;
    REQUIRE(thread.start({first->native_handle(), second->native_handle()}, into(accepted)));
    for (const auto* listener : {&*first, &*second, &*first}) {
        Client client(listener->address());
        REQUIRE(client.is_connected());
        const auto delivered = accepted.take();
        REQUIRE(delivered);
        CHECK(delivered->peer.port == client.port());
    }
}

TEST_CASE("the accept thread delivers connections that came before it started", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client client(listener->address());
    REQUIRE(client.is_connected());
    Mailbox<Accepted> accepted;
    AcceptThread thread;
    REQUIRE(thread.start({listener->native_handle()}, into(accepted)));
    CHECK(accepted.take());
}

TEST_CASE("a burst of connections is delivered whole", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 256);
    REQUIRE(listener);
    Mailbox<Accepted> accepted;
    AcceptThread thread;
    REQUIRE(thread.start({listener->native_handle()}, into(accepted)));
    std::vector<std::uint16_t> sent;
    std::vector<std::uint16_t> delivered;
    for (int i = 0; i < 200; ++i) {
        Client client(listener->address());
        REQUIRE(client.is_connected());
        sent.push_back(client.port());
    }
    while (delivered.size() < sent.size()) {
        const auto next = accepted.take();
        REQUIRE(next);
        delivered.push_back(next->peer.port);
    }
    CHECK(delivered == sent);
}

TEST_CASE("a delivered socket works with a reactor of Asio", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Mailbox<Accepted> accepted;
    AcceptThread thread;
    REQUIRE(thread.start({listener->native_handle()}, into(accepted)));
    Client client(listener->address());
    auto delivered = accepted.take();
    REQUIRE(delivered);

    asio::io_context context;
    asio::generic::stream_protocol::socket socket(context);
    std::error_code error;
    socket.assign(asio::generic::stream_protocol(AF_INET, 0), delivered->socket.release(), error);
    REQUIRE_FALSE(error);
    socket.non_blocking(true, error);
    REQUIRE_FALSE(error);

    std::array<char, 16> space{};
    CHECK(socket.read_some(asio::buffer(space), error) == 0);
    CHECK(is_would_block(error));
    std::string got;
    socket.async_wait(asio::socket_base::wait_read, [&](std::error_code wait_error) {
        CHECK_FALSE(wait_error);
        const std::size_t bytes = socket.read_some(asio::buffer(space), error);
        got.assign(space.data(), bytes);
    });
    CHECK(context.poll() == 0);
    client.send("hello");
    context.run();
    CHECK(got == "hello");
}

TEST_CASE("a stopped accept thread delivers nothing and can be started again", "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Mailbox<Accepted> accepted;
    AcceptThread thread;
    REQUIRE(thread.start({listener->native_handle()}, into(accepted)));
    thread.stop();
    thread.stop();
    Client client(listener->address());
    REQUIRE(client.is_connected());
    CHECK(accepted.size() == 0);
    REQUIRE(thread.start({listener->native_handle()}, into(accepted)));
    CHECK(accepted.take());
}

TEST_CASE("an accept thread that never started stops without harm", "[platform]") {
    AcceptThread thread;
    thread.stop();
    CHECK(thread.pauses() == 0);
}
