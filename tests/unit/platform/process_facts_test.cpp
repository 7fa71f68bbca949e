#include "platform/process_facts.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "platform/shared_listener.hpp"
#include "unit/platform/client.hpp"

using namespace sluice::platform;

namespace {

/// Wine 8 does not count handles.
bool is_handle_count_unknown() {
    if (read_process_facts().open_handles != 0) return false;
    WARN("this system does not count open handles");
    return true;
}

}  // namespace

TEST_CASE("process facts are plausible for a small program", "[platform]") {
    const ProcessFacts facts = read_process_facts();
    CHECK(facts.resident_bytes > 500'000);
    CHECK(facts.resident_bytes < 4'000'000'000);
    CHECK((facts.open_handles >= 3 || is_handle_count_unknown()));
    CHECK(facts.open_handles < 10'000);
    CHECK((facts.handle_limit == 0 || facts.handle_limit >= facts.open_handles));
    CHECK(facts.cpu_seconds >= 0);
    CHECK(facts.threads < 100);
}

TEST_CASE("an open listener counts as an open handle", "[platform]") {
    if (is_handle_count_unknown()) return;
    const std::uint64_t before = read_process_facts().open_handles;
    const auto listener = open_listener(any_loopback_port(), 16);
    REQUIRE(listener);
    CHECK(read_process_facts().open_handles > before);
}

TEST_CASE("the CPU time of a process grows while it works", "[platform]") {
    const double before = read_process_facts().cpu_seconds;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (read_process_facts().cpu_seconds <= before && std::chrono::steady_clock::now() < end) {
    }
    CHECK(read_process_facts().cpu_seconds > before);
}

TEST_CASE("raising the descriptor limit never lowers it", "[platform]") {
    const std::uint64_t before = read_process_facts().handle_limit;
    CHECK(raise_descriptor_limit() >= before);
    CHECK(read_process_facts().handle_limit >= before);
}

TEST_CASE("a process has an id and at least one core", "[platform]") {
    CHECK(pid() > 0);
    CHECK(core_count() >= 1);
    CHECK(core_count() <= 4096);
}

TEST_CASE("colours are enabled on a terminal only", "[platform]") {
    for (const StandardStream stream : {StandardStream::Output, StandardStream::Error}) {
        if (!is_terminal(stream)) CHECK_FALSE(enable_terminal_colours(stream));
    }
}

TEST_CASE("a thread's name may be longer than the system's limit", "[platform]") {
    std::thread thread([] {
        set_thread_name("a name that is much longer than any system takes for a thread, by far");
    });
    thread.join();
    SUCCEED();
}
