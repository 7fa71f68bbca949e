#include "platform/signals.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "unit/platform/mailbox.hpp"
#include "unit/platform/signal_sender.hpp"

using namespace sluice::platform;

namespace {

struct StopRequest {
    int count;
    std::string name;
};

struct Requests {
    Mailbox<StopRequest> stops;
    Mailbox<std::string> reloads;

    SignalHandlers handlers() {
        return {
            .stop_requested =
                [this](int count, std::string_view name) {
                    stops.put({count, std::string(name)});
                },
            .reload_requested = [this](std::string_view name) { reloads.put(std::string(name)); }};
    }
};

}  // namespace

TEST_CASE("a stop request is delivered with a name for people", "[platform]") {
    Requests requests;
    SignalSource source;
    REQUIRE(source.start(requests.handlers()));
    send_stop();
    const auto stop = requests.stops.take();
    REQUIRE(stop);
    CHECK(stop->count == 1);
    CHECK(stop->name == stop_name());
}

TEST_CASE("the second stop request counts two", "[platform]") {
    Requests requests;
    SignalSource source;
    REQUIRE(source.start(requests.handlers()));
    send_stop();
    REQUIRE(requests.stops.take());
    send_stop();
    const auto second = requests.stops.take();
    REQUIRE(second);
    CHECK(second->count == 2);
}

TEST_CASE("a reload request is no stop request", "[platform]") {
    Requests requests;
    SignalSource source;
    REQUIRE(source.start(requests.handlers()));
    if (!send_reload()) {
        WARN("this system has no signal for reloading");
        return;
    }
    CHECK(requests.reloads.take() == "SIGHUP");
    CHECK(requests.stops.size() == 0);
}

TEST_CASE("a second signal source is refused while one is active", "[platform]") {
    SignalSource first;
    REQUIRE(first.start({}));
    SignalSource second;
    CHECK_FALSE(second.start({}));
}

TEST_CASE("a signal source can be followed by another, which counts from one", "[platform]") {
    for (int round = 0; round < 2; ++round) {
        Requests requests;
        SignalSource source;
        REQUIRE(source.start(requests.handlers()));
        send_stop();
        const auto stop = requests.stops.take();
        REQUIRE(stop);
        CHECK(stop->count == 1);
        source.finished();
    }
}

TEST_CASE("requests without a callback are taken and ignored", "[platform]") {
    SignalSource source;
    REQUIRE(source.start({}));
    send_stop();
    [[maybe_unused]] const bool has_reload = send_reload();
    SUCCEED();
}
