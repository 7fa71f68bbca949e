#include "net/listener.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>

using namespace sluice;
using net::Listener;
using net::Worker;

namespace {

platform::ListenAddress free_path() {
    const auto path = std::filesystem::temp_directory_path() / "sluice-listener-test.sock";
    std::filesystem::remove(path);
    return {platform::AddressFamily::Unix, path.string(), 0};
}

}  // namespace

// A Unix-domain socket is accepted on by a thread of its own everywhere.
TEST_CASE("A connection that was accepted is served when its listener is gone before the worker gets to it", "[net]") {
    Worker worker(0, 1);
    worker.start([] {});
    std::promise<void> go_on;
    worker.post([wait = go_on.get_future().share()] { wait.wait(); });
    Worker* const workers[] = {&worker};
    auto listener = Listener::open(free_path(), 8, workers);
    REQUIRE(listener);
    std::promise<void> served;
    const auto is_served = served.get_future();
    const auto count = std::make_shared<int>(0);
    REQUIRE((*listener)->start([&served, count](Worker&, platform::Accepted) {
        ++*count;
        served.set_value();
    }));

    asio::io_context context;
    asio::local::stream_protocol::socket client(context);
    client.connect((*listener)->address().host);
    while (worker.load() == 0) std::this_thread::yield();
    listener->reset();
    go_on.set_value();
    is_served.wait();
    CHECK(*count == 1);
    worker.stop();
    worker.join();
}

// Of TCP, where the system gives every worker a socket of its own.
TEST_CASE("A connection that waits to be accepted is taken when its listener stops, and not reset", "[net]") {
    const platform::ListenAddress any_port{platform::AddressFamily::Ipv4, "127.0.0.1", 0};
    if (sharing_strategy(any_port) != platform::SharingStrategy::SocketPerWorker) return;
    Worker worker(0, 1);
    worker.start([] {});
    Worker* const workers[] = {&worker};
    auto listener = Listener::open(any_port, 8, workers);
    REQUIRE(listener);
    const auto count = std::make_shared<int>(0);
    REQUIRE((*listener)->start([count](Worker&, platform::Accepted) { ++*count; }));
    // The worker hears of the stop before it looks at its sockets again.
    std::promise<void> go_on;
    std::promise<void> is_held;
    worker.post([&is_held, wait = go_on.get_future().share()] {
        is_held.set_value();
        wait.wait();
    });
    is_held.get_future().wait();
    asio::io_context context;
    asio::ip::tcp::socket client(context);
    client.connect({asio::ip::make_address("127.0.0.1"), (*listener)->address().port});
    std::thread release([&] { go_on.set_value(); });
    (*listener)->stop();
    release.join();
    CHECK(*count == 1);
    worker.stop();
    worker.join();
}
