#include "base/arena.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using sluice::Arena;

TEST_CASE("Arena allocates nothing before its first use", "[base]") {
    const Arena arena;
    CHECK(arena.capacity() == 0);
}

TEST_CASE("Arena keeps every text intact while chunks are added", "[base]") {
    Arena arena(16);
    std::vector<std::string> expected;
    std::vector<std::string_view> got;
    for (int i = 0; i < 500; ++i) {
        expected.push_back(
            std::string(static_cast<std::size_t>(i % 40), static_cast<char>('a' + i % 26)));
        got.push_back(arena.copy(expected.back()));
    }
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == expected[i]);
}

TEST_CASE("Arena joins pieces", "[base]") {
    Arena arena;
    CHECK(arena.concat({"a", "", ", ", "bc"}) == "a, bc");
    CHECK(arena.concat({}).empty());
    CHECK(arena.copy("").empty());
}

TEST_CASE("Arena gives the same memory out again after reset", "[base]") {
    Arena arena(16);
    const auto fill = [&] {
        for (int i = 0; i < 20; ++i) static_cast<void>(arena.copy("0123456789"));
    };
    const char* const first = arena.copy("x").data();
    fill();
    const std::size_t capacity = arena.capacity();
    for (int round = 0; round < 10; ++round) {
        arena.reset();
        CHECK(arena.copy("x").data() == first);
        fill();
        CHECK(arena.capacity() == capacity);
    }
}

TEST_CASE("Arena skips a kept chunk that is too small", "[base]") {
    Arena arena(16);
    static_cast<void>(arena.copy("0123456789"));
    const std::string large(100, 'l');
    CHECK(arena.copy(large) == large);
    arena.reset();
    CHECK(arena.copy(large) == large);
    CHECK(arena.copy("more") == "more");
}

TEST_CASE("Arena gives back what an unusual request took", "[base]") {
    Arena arena;
    static_cast<void>(arena.copy("usual"));
    static_cast<void>(arena.allocate(1024 * 1024));
    arena.reset();
    CHECK(arena.capacity() <= Arena::most_kept_bytes);
    CHECK(arena.copy("again") == "again");
}
