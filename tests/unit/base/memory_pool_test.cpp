#include "base/memory_pool.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <utility>
#include <vector>

using namespace sluice;

TEST_CASE("A thread with a pool gets the same memory again for the same size", "[base]") {
    const MemoryPool pool;
    void* const first = take_memory(100);
    void* const second = take_memory(100);
    CHECK(first != second);
    give_memory(first, 100);
    give_memory(second, 100);
    void* const again = take_memory(120);
    void* const larger = take_memory(121);
#ifndef SLUICE_UNPOOLED
    CHECK(again == second);
#endif
    CHECK(larger != first);
    give_memory(again, 120);
    give_memory(larger, 121);
}

TEST_CASE("Every size gets a block of its own to write to, from nothing to more than a pool keeps", "[base]") {
    const MemoryPool pool;
    for (int round = 0; round < 2; ++round) {
        std::vector<std::pair<void*, std::size_t>> taken;
        for (std::size_t size = 0; size <= 5000; size += 7) {
            void* const block = take_memory(size);
            std::memset(block, static_cast<int>(size % 251), size);
            taken.emplace_back(block, size);
        }
        for (const auto& [block, size] : taken) {
            const auto* const bytes = static_cast<const unsigned char*>(block);
            CHECK(std::all_of(bytes, bytes + size, [size](unsigned char byte) { return byte == size % 251; }));
            give_memory(block, size);
        }
    }
}

TEST_CASE("A pool gives back to the allocator what is more than it keeps", "[base]") {
    const MemoryPool pool;
    std::vector<void*> taken;
    for (int i = 0; i < 5000; ++i) taken.push_back(take_memory(4096));
    for (void* const block : taken) give_memory(block, 4096);
    CHECK(pool.kept_bytes() < MemoryPool::most_kept_bytes + 8192);
    const std::size_t kept = pool.kept_bytes();
    void* const again = take_memory(4096);
#ifndef SLUICE_UNPOOLED
    CHECK(kept >= MemoryPool::most_kept_bytes);
    CHECK(pool.kept_bytes() < kept);
#endif
    give_memory(again, 4096);
    CHECK(pool.kept_bytes() == kept);
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
