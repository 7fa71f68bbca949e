#include "proxy/context_pool.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::proxy;
using namespace std::chrono_literals;

namespace {

/// Counts its living instances.
struct Counted {
    Counted() { ++living; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --living; }
    std::string text;
    static inline int living = 0;
};

}  // namespace

TEST_CASE("RequestContext keeps the time of each stage to the microsecond", "[proxy]") {
    RequestContext context;
    const TimePoint start{10s};
    CHECK_FALSE(context.reached(Stage::Accepted));
    CHECK_FALSE(context.time_of(Stage::Done));
    context.begin(start);
    context.mark(Stage::HeadComplete, start + 15us);
    context.mark(Stage::Done, start + 3s + 1us);
    CHECK(context.reached(Stage::Accepted));
    CHECK(context.time_of(Stage::Accepted) == start);
    CHECK(context.time_of(Stage::HeadComplete) == start + 15us);
    CHECK(context.between(Stage::HeadComplete, Stage::Done) == 3s + 1us - 15us);
    CHECK_FALSE(context.reached(Stage::UpstreamConnected));
    CHECK_FALSE(context.between(Stage::Accepted, Stage::FirstByte));
}

TEST_CASE("a stage later than can be kept stays reached", "[proxy]") {
    RequestContext context;
    context.mark(Stage::Accepted, TimePoint{1s});
    context.mark(Stage::Done, TimePoint{1s} + 100h);
    CHECK(context.reached(Stage::Done));
    CHECK(context.between(Stage::Accepted, Stage::Done) > 71min);
}

TEST_CASE("a stage before Accepted counts as at once", "[proxy]") {
    RequestContext context;
    context.begin(TimePoint{2s});
    context.mark(Stage::HeadComplete, TimePoint{1s});
    CHECK(context.time_of(Stage::HeadComplete) == TimePoint{2s});
}

TEST_CASE("RequestContext is as new after reset", "[proxy]") {
    const config::Route route;
    RequestContext context;
    context.mark(Stage::Accepted, TimePoint{1s});
    context.mark(Stage::Routed, TimePoint{1s});
    context.set_route(&route, 3);
    context.set_request_id("id");
    context.add_received(5);
    context.add_sent(6);
    context.set(ContextFlag::Retried);
    CHECK(context.route() == &route);
    CHECK(context.bytes_received() == 5);
    CHECK(context.bytes_sent() == 6);
    CHECK(context.has(ContextFlag::Retried));
    CHECK_FALSE(context.has(ContextFlag::ClientGone));
    context.reset();
    CHECK_FALSE(context.reached(Stage::Accepted));
    CHECK_FALSE(context.reached(Stage::Routed));
    CHECK(context.route() == nullptr);
    CHECK(context.route_index() == 0);
    CHECK(context.request_id().empty());
    CHECK(context.bytes_received() == 0);
    CHECK(context.bytes_sent() == 0);
    CHECK_FALSE(context.has(ContextFlag::Retried));
}

TEST_CASE("a filter's state is made at first use, destroyed at reset, and its memory kept",
          "[proxy]") {
    StateLayout layout;
    const auto text = layout.add<Counted>();
    const auto number = layout.add<std::uint64_t>();
    const auto flag = layout.add<char>();
    REQUIRE((text && number && flag));
    ContextPool pool(1, &layout);
    const void* place = nullptr;
    for (int round = 0; round < 3; ++round) {
        RequestContext& context = pool.acquire();
        CHECK(context.find_state(*text) == nullptr);
        context.state(*text).text = "a text that is too long to stand inside of a string object";
        context.state(*number) += 7;
        CHECK(context.state(*number) == 7);
        CHECK(context.find_state(*flag) == nullptr);
        CHECK(Counted::living == 1);
        if (place == nullptr) place = context.find_state(*text);
        CHECK(context.find_state(*text) == place);
        pool.release(context);
        CHECK(Counted::living == 0);
    }
}

TEST_CASE("states lie at places that their types may stand at", "[proxy]") {
    StateLayout layout;
    const auto a = layout.add<char>();
    const auto b = layout.add<double>();
    const auto c = layout.add<char>();
    const auto d = layout.add<std::max_align_t>();
    RequestContext context(&layout);
    context.state(*a) = 'a';
    context.state(*b) = 1.5;
    context.state(*c) = 'c';
    CHECK(reinterpret_cast<std::uintptr_t>(&context.state(*d)) % alignof(std::max_align_t) == 0);
    CHECK(context.state(*a) == 'a');
    CHECK(context.state(*b) == 1.5);
    CHECK(context.state(*c) == 'c');
}

TEST_CASE("StateLayout takes no more slots than it has", "[proxy]") {
    StateLayout layout;
    for (std::size_t i = 0; i < StateLayout::max_slots; ++i) REQUIRE(layout.add<int>());
    CHECK_FALSE(layout.add<int>());
    CHECK(layout.size() == StateLayout::max_slots);
}

TEST_CASE("ContextPool gives the context that came back last", "[proxy]") {
    ContextPool pool;
    RequestContext& first = pool.acquire();
    RequestContext& second = pool.acquire();
    CHECK(&first != &second);
    first.add_sent(1);
    pool.release(first);
    RequestContext& again = pool.acquire();
    CHECK(&again == &first);
    CHECK(again.bytes_sent() == 0);
    pool.release(again);
    pool.release(second);
}

TEST_CASE("ContextPool counts hits, misses and overflow", "[proxy]") {
    ContextPool pool(3);
    CHECK(pool.hit_rate() == 1.0);
    std::vector<RequestContext*> taken;
    for (int i = 0; i < 5; ++i) taken.push_back(&pool.acquire());
    CHECK(pool.hits() == 2);
    CHECK(pool.misses() == 3);
    CHECK(pool.overflows() == 2);
    CHECK(pool.hit_rate() == Approx(0.4));
    for (RequestContext* context : taken) pool.release(*context);
    for (int i = 0; i < 3; ++i) taken[static_cast<std::size_t>(i)] = &pool.acquire();
    CHECK(pool.hits() == 5);
    CHECK(pool.overflows() == 2);
    for (std::size_t i = 0; i < 3; ++i) pool.release(*taken[i]);
}

TEST_CASE("an overflow context works like any other and is freed", "[proxy]") {
    StateLayout layout;
    const auto slot = layout.add<Counted>();
    ContextPool pool(0, &layout);
    RequestContext& context = pool.acquire();
    static_cast<void>(context.state(*slot));
    CHECK(Counted::living == 1);
    pool.release(context);
    CHECK(Counted::living == 0);
    CHECK(pool.memory_bytes() == 0);
}

TEST_CASE("ContextPool makes contexts as they are needed", "[proxy]") {
    ContextPool pool(1000);
    CHECK(pool.memory_bytes() == 0);
    RequestContext& context = pool.acquire();
    CHECK(pool.memory_bytes() < 2 * ContextPool::slab_size * sizeof(RequestContext));
    pool.release(context);
}

TEST_CASE("100,000 contexts fit into 13 MB", "[proxy]") {
    ContextPool pool(100000);
    std::vector<RequestContext*> taken;
    for (int i = 0; i < 100000; ++i) taken.push_back(&pool.acquire());
    CHECK(pool.overflows() == 0);
    CHECK(pool.memory_bytes() <= 13'000'000);
    for (RequestContext* context : taken) pool.release(*context);
}

TEST_CASE("a lease gives its context back by itself", "[proxy]") {
    ContextPool pool(1);
    { const ContextPool::Lease lease = pool.lease(); }
    { const ContextPool::Lease lease = pool.lease(); }
    CHECK(pool.hits() == 1);
    CHECK(pool.overflows() == 0);
}
