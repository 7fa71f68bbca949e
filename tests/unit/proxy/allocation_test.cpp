#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "net/dialer.hpp"
#include "net/listener.hpp"
#include "proxy/tls_plan.hpp"
#include "proxy/worker_state.hpp"
#include "telemetry/metrics_registry.hpp"
#include "unit/proxy/allocation_count.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view request =
    "POST /orders/17?full=1 HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: test\r\nAccept: */*\r\n"
    "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"count\": 1}";

config::Listener web() {
    config::Listener listener;
    listener.name = "web";
    listener.address = {config::Address::Kind::Ipv4, "127.0.0.1", 0};
    return listener;
}

std::shared_ptr<const proxy::Snapshot> snapshot_for(std::uint16_t port) {
    config::Config settings;
    config::Cluster cluster;
    cluster.name = "upstream";
    cluster.endpoints.push_back({.address = {config::Address::Kind::Ipv4, "127.0.0.1", port}});
    settings.clusters.push_back(cluster);
    config::Route route;
    route.match.path = "/orders/:id";
    route.action = config::Forward{"upstream"};
    settings.routes.push_back(route);
    settings.listeners.push_back(web());
    auto built = proxy::Snapshot::build(std::move(settings));
    REQUIRE(built);
    return *built;
}

/// A worker with its state and one listener: the gateway, or the upstream when it has a handler.
struct Half {
    Half(std::uint32_t index, std::shared_ptr<const proxy::Snapshot> snapshot,
         const proxy::LocalHandler* local)
        : worker(index, index + 1) {
        kept = registry.intern({{"order"}, {{"upstream", "upstream"}}});
        const proxy::WorkerState::Shared shared{std::move(snapshot), limit, log, nullptr};
        state = std::make_unique<proxy::WorkerState>(worker, shared, registry.add_worker());
        std::array<net::Worker*, 1> workers{&worker};
        auto opened = net::Listener::open({platform::AddressFamily::Ipv4, "127.0.0.1", 0}, 16, workers);
        REQUIRE(opened);
        listener = std::move(*opened);
        worker.start([] {});
        REQUIRE(listener->start([this, local](net::Worker&, platform::Accepted accepted) {
            if (local != nullptr) {
                state->accept(std::move(accepted), 0, *local);
            } else {
                state->accept(std::move(accepted), 0, proxy::listener_key(web()));
            }
        }));
    }

    void stop() {
        listener->stop();
        std::promise<void> ended;
        worker.post([&] { state->cut([&] { ended.set_value(); }); });
        REQUIRE(ended.get_future().wait_for(10s) == std::future_status::ready);
        worker.post([this] { state.reset(); });
        worker.post([this] { worker.stop(); });
        worker.join();
    }

    [[nodiscard]] std::uint16_t port() const { return listener->address().port; }

    Log log = Log::to_stderr(Log::Format::Text, LogLevel::Error);
    proxy::ConnectionLimit limit{0, 0};
    telemetry::MetricsRegistry registry;
    telemetry::MetricIndexes kept;
    net::Worker worker;
    std::unique_ptr<proxy::WorkerState> state;
    std::unique_ptr<net::Listener> listener;
};

/// Sends requests one after the other over one connection; yields how many were answered with 200.
net::Task<void> send_requests(net::Stream& stream, int count, int& answered) {
    std::array<char, 4096> space{};
    for (int i = 0; i < count; ++i) {
        const Result<void> sent = co_await stream.write(request);
        if (!sent) co_return;
        const Result<std::size_t> got = co_await stream.read(space);
        if (!got) co_return;
        const std::string_view response(space.data(), *got);
        if (response.starts_with("HTTP/1.1 200") && response.ends_with("done")) ++answered;
    }
}

struct Counted {
    int answered = 0;
    std::uint64_t allocations = 0;
};

net::Task<void> on_worker(net::Worker& from, net::Worker& to, std::function<void()> work) {
    net::Event done;
    to.post([&] {
        work();
        from.post([&] { done.set(); });
    });
    co_await done;
}

net::Task<void> measure(net::Worker& client, Half& gateway, Counted& out, std::promise<void>& done) {
    const net::Destination destination{net::Destination::Kind::Ipv4, "127.0.0.1", gateway.port()};
    Result<net::Stream> stream = co_await net::dial(client, destination, client.now() + 5s);
    if (stream) {
        int warm = 0;
        co_await send_requests(*stream, 200, warm);
        std::function<void()> start = [] { test::start_counting_allocations(); };
        co_await on_worker(client, gateway.worker, start);
        co_await send_requests(*stream, 1000, out.answered);
        std::function<void()> stop = [&out] { out.allocations = test::stop_counting_allocations(); };
        co_await on_worker(client, gateway.worker, stop);
        stream = net::Stream();
    }
    done.set_value();
}

}  // namespace

TEST_CASE("A proxied keep-alive request with a small body makes no heap allocation once warm", "[proxy]") {
    const proxy::LocalHandler handler = [](const proxy::LocalRequest&) -> net::Task<proxy::LocalResponse> {
        co_return proxy::LocalResponse{200, "text/plain", "done"};
    };
    Half upstream(1, snapshot_for(1), &handler);
    Half gateway(0, snapshot_for(upstream.port()), nullptr);
    Counted counted;
    std::promise<void> done;
    // The client runs on the upstream's worker: allocations are counted on the gateway's alone.
    upstream.worker.post([&] { net::spawn(measure(upstream.worker, gateway, counted, done)); });
    REQUIRE(done.get_future().wait_for(60s) == std::future_status::ready);
    gateway.stop();
    upstream.stop();
    CHECK(counted.answered == 1000);
    // A handful belongs to the posts that switch counting on and off; one per request would be a thousand.
    CHECK(counted.allocations < 10);
}
