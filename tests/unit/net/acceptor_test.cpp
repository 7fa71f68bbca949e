#include "net/acceptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <optional>
#include <string>
#include <tuple>

#include "net/worker.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// Stands in a descriptor's place for something that can't be watched, and puts the listening socket there after some tries in vain.
struct Unwatchable {
    void on_trouble(net::Worker& worker, const Error& why) {
        ++complaints;
        reason = describe(why);
        end.emplace(
            worker.timers(), [](void* self) { static_cast<Unwatchable*>(self)->mend(); }, this);
        end->set(worker.now() + 350ms);
    }
    void mend() const { ::dup2(listening, place); }

    int listening;
    /// epoll_ctl(2) refuses /dev/null with EPERM.
    int place = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    int complaints = 0;
    std::string reason;
    std::optional<net::Deadline> end;
};

}  // namespace

TEST_CASE("An acceptor whose socket the system does not watch says so once and tries again", "[net]") {
    const auto real = platform::open_listener({platform::AddressFamily::Ipv4, "127.0.0.1", 0}, 8);
    REQUIRE(real);
    Unwatchable socket{.listening = real->native_handle()};
    REQUIRE(socket.place >= 0);
    std::promise<void> accepted;
    const net::AcceptHandler on_accept = [&](net::Worker&, platform::Accepted) { accepted.set_value(); };
    const net::TroubleHandler on_trouble = [&](net::Worker& worker, const Error& why) { socket.on_trouble(worker, why); };

    net::Worker worker(0, 1);
    worker.start([] {});
    net::Acceptor acceptor(worker, {platform::OwnedSocket(socket.place), real->address()}, on_accept, on_trouble);
    worker.post([&] { acceptor.start(); });
    asio::io_context context;
    asio::ip::tcp::socket client(context);
    client.connect({asio::ip::make_address("127.0.0.1"), real->port()});
    CHECK(accepted.get_future().wait_for(10s) == std::future_status::ready);

    std::promise<void> stopped;
    worker.post([&] {
        std::ignore = acceptor.stop();
        socket.end.reset();
        stopped.set_value();
    });
    stopped.get_future().wait();
    worker.stop();
    worker.join();
    CHECK(socket.complaints == 1);
    CHECK_THAT(socket.reason, Catch::Contains("the system does not watch the listening socket"));
}
