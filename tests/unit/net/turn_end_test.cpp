#include "net/turn_end.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>

using namespace sluice;
using net::TurnEnd;

namespace {

/// Runs `script` on a worker, and returns when what it has posted says so.
void play(const std::function<void(net::Worker&, const std::function<void()>& done)>& script) {
    net::Worker worker{0, 1};
    std::promise<void> done;
    worker.start([] {});
    worker.post([&] { script(worker, [&] { done.set_value(); }); });
    const bool is_done = done.get_future().wait_for(std::chrono::seconds{20}) == std::future_status::ready;
    worker.stop();
    worker.join();
    REQUIRE(is_done);
}

struct Caller {
    Caller(net::Worker& worker, std::string& the_order, char the_letter)
        : order(the_order), letter(the_letter), end(worker, [](void* self) { static_cast<Caller*>(self)->call(); }, this) {}

    void call() {
        order += letter;
        if (then) then();
    }

    std::string& order;
    char letter;
    std::function<void()> then;
    TurnEnd end;
};

}  // namespace

TEST_CASE("what is asked for often in a turn is called once, behind what runs, in the order of the first asks") {
    std::string order;
    std::unique_ptr<Caller> first;
    std::unique_ptr<Caller> second;
    play([&](net::Worker& worker, const std::function<void()>& done) {
        first = std::make_unique<Caller>(worker, order, 'a');
        second = std::make_unique<Caller>(worker, order, 'b');
        second->then = done;
        first->end.ask();
        second->end.ask();
        first->end.ask();
        order += '-';
    });
    CHECK(order == "-ab");
}

TEST_CASE("what is taken back, or destroyed by a call before it, is not called") {
    std::string order;
    std::unique_ptr<Caller> callers[4];
    play([&](net::Worker& worker, const std::function<void()>& done) {
        for (int i = 0; i < 4; ++i) callers[i] = std::make_unique<Caller>(worker, order, static_cast<char>('a' + i));
        callers[0]->then = [&] { callers[2].reset(); };
        callers[3]->then = done;
        for (const auto& caller : callers) caller->end.ask();
        callers[1]->end.cancel();
    });
    CHECK(order == "ad");
}

TEST_CASE("a call that asks again has its turn again, and does not keep the others from theirs") {
    std::string order;
    std::unique_ptr<Caller> again;
    std::unique_ptr<Caller> other;
    play([&](net::Worker& worker, const std::function<void()>& done) {
        again = std::make_unique<Caller>(worker, order, 'a');
        other = std::make_unique<Caller>(worker, order, 'b');
        again->then = [&order, &again, done] {
            if (order.size() < 6) {
                again->end.ask();
            } else {
                done();
            }
        };
        again->end.ask();
        other->end.ask();
    });
    CHECK(order.substr(0, 2) == "ab");
    CHECK(order == "abaaaa");
}
