#include <fcntl.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "platform/accept_thread.hpp"
#include "platform/shared_listener.hpp"
#include "platform/socket_address.hpp"
#include "unit/platform/client.hpp"
#include "unit/platform/mailbox.hpp"

using namespace sluice::platform;

namespace {

/// Leaves the process no descriptor to open until it is destroyed.
class NoDescriptorLeft {
public:
    NoDescriptorLeft() {
        ::getrlimit(RLIMIT_NOFILE, &saved_);
        const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        close_socket(lowest_free);
        rlimit limit = saved_;
        limit.rlim_cur = static_cast<rlim_t>(lowest_free);
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    NoDescriptorLeft(const NoDescriptorLeft&) = delete;
    NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;
    ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &saved_); }

private:
    rlimit saved_{};
};

}  // namespace

TEST_CASE("running out of descriptors is told apart and the connection keeps waiting",
          "[platform]") {
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    Client client(listener->address());
    REQUIRE(client.is_connected());
    std::optional<NoDescriptorLeft> none_left(std::in_place);
    const auto accepted = accept_connection(listener->native_handle());
    none_left.reset();
    REQUIRE_FALSE(accepted);
    CHECK(is_out_of_descriptors(accepted.error()));
    CHECK(accept_soon(*listener));
}

namespace {

/// An accept thread that runs out of descriptors with a connection waiting.
struct Starved {
    OpenListener listener = std::move(*open_listener(any_loopback_port(), 16));
    OwnedSocket client{::socket(AF_INET, SOCK_STREAM, 0)};
    Mailbox<Accepted> accepted;
    AcceptThread thread;
    std::optional<NoDescriptorLeft> none_left;

    Starved() {
        const auto target = socket_address(listener.address());
        const auto size = static_cast<socklen_t>(target->size());
        REQUIRE(thread.start({listener.native_handle()},
                             [this](Accepted one) { accepted.put(std::move(one)); }));
        none_left.emplace();
        ::connect(client.get(), target->data(), size);
    }

    /// Without assertions: the undefined-behaviour sanitizer needs a descriptor of its own for
    /// them.
    void wait_for_pauses(std::uint64_t count) const {
        while (thread.pauses() < count) std::this_thread::yield();
    }
};

}  // namespace

TEST_CASE("the accept thread pauses without descriptors and goes on when there are some",
          "[platform]") {
    Starved starved;
    const auto start = std::chrono::steady_clock::now();
    starved.wait_for_pauses(3);
    const auto waited = std::chrono::steady_clock::now() - start;
    const std::size_t accepted = starved.accepted.size();
    starved.none_left.reset();
    // Attempts are 100 ms apart, the first perhaps before the clock was read: nothing spins.
    CHECK(waited >= std::chrono::milliseconds{150});
    CHECK(accepted == 0);
    CHECK(starved.accepted.take());
}

TEST_CASE("the accept thread can be stopped in a pause", "[platform]") {
    Starved starved;
    starved.wait_for_pauses(1);
    starved.thread.stop();
    starved.none_left.reset();
    CHECK(accept_soon(starved.listener));
}
