#include "net/listener.hpp"

#include <asio/io_context.hpp>
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
