#include "net/handover.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>

using namespace sluice::net;

namespace {

using Giver = Handover<std::string>::Giver;

/// Waits on the worker for what `begin` lets another thread give.
Task<void> take(Worker& worker, const std::function<void(Giver)>& begin, std::promise<std::optional<std::string>>& out) {
    Handover<std::string> handover(worker);
    begin(handover.giver());
    std::optional<std::string> value = co_await handover.wait();
    out.set_value(std::move(value));
}

std::optional<std::string> taken(const std::function<void(Giver)>& begin) {
    Worker worker(0, 1);
    std::promise<std::optional<std::string>> out;
    worker.start([] {});
    worker.post([&] { spawn(take(worker, begin, out)); });
    std::optional<std::string> value = out.get_future().get();
    worker.stop();
    worker.join();
    return value;
}

}  // namespace

TEST_CASE("A coroutine takes what another thread gives", "[net]") {
    std::thread thread;
    const auto value = taken([&](Giver giver) { thread = std::thread([giver] { giver("given"); }); });
    thread.join();
    CHECK(value == "given");
}

TEST_CASE("What is given at once is there when it is waited for", "[net]") {
    CHECK(taken([](const Giver& giver) { giver("at once"); }) == "at once");
}

TEST_CASE("Only the first value counts", "[net]") {
    const auto twice = [](const Giver& giver) {
        giver("first");
        giver("second");
    };
    CHECK(taken(twice) == "first");
}

TEST_CASE("A giver that goes without giving ends the wait", "[net]") {
    CHECK(taken([](const Giver&) {}) == std::nullopt);
}
