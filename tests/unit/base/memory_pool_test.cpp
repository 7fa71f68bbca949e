#include "base/memory_pool.hpp"

#include <catch2/catch.hpp>
#include <cstring>

using namespace sluice;

TEST_CASE("A thread with a pool gets the same memory again for the same size", "[base]") {
    const MemoryPool pool;
    void* const first = take_memory(100);
    void* const second = take_memory(100);
    CHECK(first != second);
    give_memory(first, 100);
    give_memory(second, 100);
    void* const again = take_memory(128);
#ifndef SLUICE_UNPOOLED
    CHECK(again == second);
#endif
    give_memory(again, 128);
}

TEST_CASE("Memory may be taken before there is a pool and given back to it, and the other way round", "[base]") {
    void* const before = take_memory(200);
    void* within = nullptr;
    {
        const MemoryPool pool;
        give_memory(before, 200);
        within = take_memory(300);
        std::memset(within, 1, 300);
    }
    give_memory(within, 300);
}

TEST_CASE("More than a pool keeps comes from the allocator", "[base]") {
    const MemoryPool pool;
    void* const large = take_memory(100'000);
    std::memset(large, 1, 100'000);
    give_memory(large, 100'000);
}

TEST_CASE("Containers of pooled memory hold what they are given", "[base]") {
    const MemoryPool pool;
    PooledMap<int, int> squares;
    PooledVector<int> all;
    for (int i = 0; i < 1000; ++i) {
        squares.emplace(i, i * i);
        all.push_back(i);
    }
    CHECK(squares.at(31) == 961);
    CHECK(all.back() == 999);
}
