#include "net/task.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "net/eventual.hpp"

using namespace sluice::net;

namespace {

Task<int> forty_two() { co_return 42; }

Task<int> after(Event& event) {
    co_await event;
    co_return 7;
}

Task<void> store(Task<int> task, int& out) { out = co_await task; }

Task<std::unique_ptr<std::string>> make_text() { co_return std::make_unique<std::string>("text"); }

Task<void> count_to(int limit, int& out) {
    for (int i = 0; i < limit; ++i) out += co_await forty_two() - 41;
}

}  // namespace

TEST_CASE("A spawned task runs at once up to its first wait", "[net]") {
    int out = 0;
    spawn(store(forty_two(), out));
    CHECK(out == 42);
}

TEST_CASE("A task that waits for an event goes on when it is set, and at once when it was set before", "[net]") {
    Event event;
    int out = 0;
    spawn(store(after(event), out));
    CHECK(out == 0);
    event.set();
    CHECK(out == 7);
    int again = 0;
    spawn(store(after(event), again));
    CHECK(again == 7);
}

TEST_CASE("A task yields values that can only be moved", "[net]") {
    std::unique_ptr<std::string> got;
    const auto take = [](std::unique_ptr<std::string>& out) -> Task<void> { out = co_await make_text(); };
    spawn(take(got));
    REQUIRE(got != nullptr);
    CHECK(*got == "text");
}

TEST_CASE("A loop over tasks that never wait needs no more stack with each turn", "[net]") {
    int out = 0;
    spawn(count_to(1'000'000, out));
    CHECK(out == 1'000'000);
}

TEST_CASE("What is there at once is had without a coroutine, and what is not, by its task", "[net]") {
    const auto at_once = []() -> Eventual<int> { return 5; };
    const auto by_task = [](Event& event) -> Eventual<int> { return after(event); };
    Event event;
    int out = 0;
    const auto store_eventual = [](Eventual<int> from, int& to) -> Task<void> { to = co_await from; };
    spawn(store_eventual(at_once(), out));
    CHECK(out == 5);
    spawn(store_eventual(by_task(event), out));
    CHECK(out == 5);
    event.set();
    CHECK(out == 7);
}

TEST_CASE("A spawned task frees itself, whether it waits or not", "[net]") {
    const auto count = std::make_shared<int>(0);
    const auto hold = [](std::shared_ptr<int> held, Event* event) -> Task<void> {
        ++*held;
        if (event != nullptr) co_await *event;
    };
    spawn(hold(count, nullptr));
    CHECK(count.use_count() == 1);
    Event event;
    spawn(hold(count, &event));
    CHECK(count.use_count() == 2);
    event.set();
    CHECK(count.use_count() == 1);
    CHECK(*count == 2);
}
