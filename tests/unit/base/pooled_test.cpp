#include "base/pooled.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace sluice;

namespace {

/// Tells of its end.
struct Guest {
    explicit Guest(int& the_ended, int the_number = 0) : ended(the_ended), number(the_number) {
        if (number < 0) throw std::runtime_error("no such number");
    }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    ~Guest() { ++ended; }

    int& ended;
    int number;
};

}  // namespace

TEST_CASE("A pooled object is there from emplace to reset, and once", "[base]") {
    const MemoryPool pool;
    int ended = 0;
    {
        Pooled<Guest> guest;
        CHECK(!guest);
        const Guest& made = guest.emplace(ended, 1);
        CHECK(&made == &*guest);
        CHECK(guest->number == 1);
        guest.emplace(ended, 2);
        CHECK(ended == 1);
        CHECK(guest->number == 2);
        guest.reset();
        guest.reset();
        CHECK(!guest);
        CHECK(ended == 2);
        guest.emplace(ended, 3);
    }
    CHECK(ended == 3);
}

TEST_CASE("A pooled object whose constructor throws leaves nothing behind", "[base]") {
    const MemoryPool pool;
    int ended = 0;
    Pooled<Guest> guest;
    guest.emplace(ended, 1);
    guest.reset();
    const std::size_t kept = pool.kept_bytes();
    guest.emplace(ended, 1);
    CHECK_THROWS_AS(guest.emplace(ended, -1), std::runtime_error);
    CHECK(!guest);
    CHECK(ended == 2);
    CHECK(pool.kept_bytes() == kept);
    guest.emplace(ended, 2);
    CHECK(guest->number == 2);
}

TEST_CASE("Pooled objects one after the other take the pool's memory", "[base]") {
    const MemoryPool pool;
    int ended = 0;
    Pooled<Guest> guest;
    guest.emplace(ended);
    guest.reset();
    const std::size_t kept = pool.kept_bytes();
#ifndef SLUICE_UNPOOLED
    CHECK(kept != 0);
    guest.emplace(ended);
    CHECK(pool.kept_bytes() < kept);
#endif
    for (int i = 0; i < 10; ++i) {
        guest.emplace(ended, i);
        guest.reset();
    }
    CHECK(pool.kept_bytes() == kept);
}
