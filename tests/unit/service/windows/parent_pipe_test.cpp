#include "windows/parent_pipe.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::service {
namespace {

/// So that tests may run side by side.
std::wstring fresh_name() {
    static int number = 0;
    return L"\\\\.\\pipe\\sluice-test-" + std::to_wstring(::GetCurrentProcessId()) + L"-" + std::to_wstring(++number);
}

bool has_event(const ParentPipe& pipe) { return ::WaitForSingleObject(pipe.event(), 10'000) == WAIT_OBJECT_0; }

/// Both ends of a pipe.
struct Ends {
    std::unique_ptr<ParentPipe> parent;
    std::unique_ptr<ParentPipe> gateway;

    explicit Ends(const std::wstring& name = fresh_name()) {
        parent = ParentPipe::open(name, true).value();
        parent->await_process();
        gateway = ParentPipe::connect(name).value();
        REQUIRE(has_event(*parent));
        REQUIRE(parent->has_process());
    }
};

}  // namespace

TEST_CASE("the parent knows which process has connected") {
    const Ends ends;
    CHECK(ends.parent->process_id() == ::GetCurrentProcessId());
}

TEST_CASE("messages arrive one by one, both ways") {
    const Ends ends;
    REQUIRE(ends.gateway->send("first"));
    REQUIRE(ends.gateway->send("second"));
    for (const char* const text : {"first", "second"}) {
        ends.parent->await_message();
        REQUIRE(has_event(*ends.parent));
        CHECK(ends.parent->take_message() == text);
    }
    ends.gateway->await_message();
    REQUIRE(ends.parent->send("answer"));
    REQUIRE(has_event(*ends.gateway));
    CHECK(ends.gateway->take_message() == "answer");
}

TEST_CASE("what was said before the end is read, and then the end") {
    Ends ends;
    REQUIRE(ends.gateway->send("last words"));
    ends.gateway.reset();
    ends.parent->await_message();
    REQUIRE(has_event(*ends.parent));
    CHECK(ends.parent->take_message() == "last words");
    ends.parent->await_message();
    REQUIRE(has_event(*ends.parent));
    CHECK_FALSE(ends.parent->take_message());
}

TEST_CASE("a wait that nobody answers ends with its pipe") {
    Ends ends;
    ends.parent->await_message();
    ends.parent.reset();
    CHECK_FALSE(ends.gateway->send("anybody there?"));
}

TEST_CASE("each process has an end of its own") {
    const std::wstring name = fresh_name();
    const Ends ends(name);
    const auto next = ParentPipe::open(name, false).value();
    next->await_process();
    const auto second = ParentPipe::connect(name).value();
    REQUIRE(has_event(*next));
    REQUIRE(next->has_process());
    REQUIRE(second->send("from the second"));
    next->await_message();
    REQUIRE(has_event(*next));
    CHECK(next->take_message() == "from the second");
}

TEST_CASE("without a parent nobody connects") { CHECK_FALSE(ParentPipe::connect(fresh_name())); }

}  // namespace sluice::service
