#include "net/timer_wheel.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "base/random.hpp"

using namespace sluice;
using namespace sluice::net;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{std::chrono::hours{1}};

struct Counter {
    int calls = 0;
    static void call(void* self) { ++static_cast<Counter*>(self)->calls; }
};

}  // namespace

TEST_CASE("A deadline calls back once, not before its time and at most one tick after", "[net]") {
    TimerWheel wheel(start);
    Counter counter;
    Deadline deadline(wheel, Counter::call, &counter);
    deadline.set(start + 100ms);
    wheel.advance(start + 99ms);
    CHECK(counter.calls == 0);
    wheel.advance(start + 100ms + TimerWheel::tick);
    CHECK(counter.calls == 1);
    wheel.advance(start + 1h);
    CHECK(counter.calls == 1);
}

TEST_CASE("A deadline that is moved later does not call back at its old time", "[net]") {
    TimerWheel wheel(start);
    Counter counter;
    Deadline deadline(wheel, Counter::call, &counter);
    deadline.set(start + 50ms);
    deadline.set(start + 500ms);
    wheel.advance(start + 499ms);
    CHECK(counter.calls == 0);
    wheel.advance(start + 500ms + TimerWheel::tick);
    CHECK(counter.calls == 1);
}

TEST_CASE("A deadline that is moved earlier calls back at the earlier time", "[net]") {
    TimerWheel wheel(start);
    Counter counter;
    Deadline deadline(wheel, Counter::call, &counter);
    deadline.set(start + 10s);
    deadline.set(start + 50ms);
    wheel.advance(start + 50ms + TimerWheel::tick);
    CHECK(counter.calls == 1);
}

TEST_CASE("A cleared or destroyed deadline does not call back", "[net]") {
    TimerWheel wheel(start);
    Counter counter;
    Deadline cleared(wheel, Counter::call, &counter);
    auto destroyed = std::make_unique<Deadline>(wheel, Counter::call, &counter);
    cleared.set(start + 50ms);
    destroyed->set(start + 50ms);
    cleared.clear();
    destroyed.reset();
    wheel.advance(start + 1s);
    CHECK(counter.calls == 0);
}

TEST_CASE("A deadline farther away than the wheel turns once still comes at its time", "[net]") {
    TimerWheel wheel(start);
    Counter counter;
    Deadline deadline(wheel, Counter::call, &counter);
    const auto later = TimerWheel::tick * static_cast<int>(TimerWheel::slots) * 3 + 7ms;
    deadline.set(start + later);
    TimePoint now = start;
    while (const auto wake = wheel.next_wake()) {
        REQUIRE(*wake > now);
        now = *wake;
        if (now < start + later) CHECK(counter.calls == 0);
        wheel.advance(now);
    }
    CHECK(counter.calls == 1);
    CHECK(now - (start + later) <= TimerWheel::tick);
}

TEST_CASE("A callback may destroy other deadlines of its own tick", "[net]") {
    TimerWheel wheel(start);
    std::vector<std::unique_ptr<Deadline>> deadlines;
    struct Killer {
        std::vector<std::unique_ptr<Deadline>>* victims;
        int calls = 0;
    } killer{&deadlines};
    for (int i = 0; i < 5; ++i) {
        deadlines.push_back(std::make_unique<Deadline>(
            wheel,
            [](void* self) {
                auto* it = static_cast<Killer*>(self);
                ++it->calls;
                it->victims->clear();
            },
            &killer));
        deadlines.back()->set(start + 50ms);
    }
    wheel.advance(start + 100ms);
    CHECK(killer.calls == 1);
}

TEST_CASE("Random deadlines come in the right tick whatever the order of set, move and advance", "[net]") {
    TimerWheel wheel(start);
    Random random(7);
    struct Entry {
        /// Nothing is due before the first set.
        TimePoint due = start + std::chrono::hours{1000};
        bool called = false;
        std::unique_ptr<Deadline> deadline;
    };
    std::vector<std::unique_ptr<Entry>> entries;
    TimePoint now = start;
    for (int round = 0; round < 2000; ++round) {
        if (random.below(3) == 0 || entries.empty()) {
            auto entry = std::make_unique<Entry>();
            entry->deadline = std::make_unique<Deadline>(
                wheel, [](void* self) { static_cast<Entry*>(self)->called = true; }, entry.get());
            entries.push_back(std::move(entry));
        }
        Entry& picked = *entries[random.below(static_cast<std::uint32_t>(entries.size()))];
        picked.due = now + std::chrono::milliseconds{1 + random.below(200'000)};
        picked.called = false;
        picked.deadline->set(picked.due);
        now += std::chrono::milliseconds{random.below(500)};
        wheel.advance(now);
        for (const auto& entry : entries) {
            if (entry->called) CHECK(entry->due <= now);
            if (entry->due + 2 * TimerWheel::tick <= now) CHECK(entry->called);
        }
    }
}

TEST_CASE("An empty wheel asks for no wake-up", "[net]") {
    TimerWheel wheel(start);
    CHECK_FALSE(wheel.next_wake().has_value());
}
