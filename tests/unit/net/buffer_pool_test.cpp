#include "net/buffer_pool.hpp"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

using namespace sluice::net;

TEST_CASE("BufferPool lends at least what was asked for, in doubling sizes", "[net]") {
    BufferPool pool;
    CHECK(pool.take(1).size() == 1024);
    CHECK(pool.take(1024).size() == 1024);
    CHECK(pool.take(1025).size() == 2048);
    CHECK(pool.take().size() == BufferPool::read_bytes);
    CHECK(pool.take(16 * 1024).size() == 16 * 1024);
    CHECK(pool.take(16 * 1024 + 1).size() == 32 * 1024);
    CHECK(pool.take(100 * 1024).size() == 128 * 1024);
    CHECK(pool.take(BufferPool::largest_bytes).size() == BufferPool::largest_bytes);
}

TEST_CASE("BufferPool lends the same memory again after it came back", "[net]") {
    BufferPool pool;
    Buffer first = pool.take();
    char* const memory = first.data();
    first.release();
    CHECK(pool.take().data() == memory);
}

TEST_CASE("BufferPool knows what is out on loan, also over moves", "[net]") {
    BufferPool pool;
    {
        Buffer first = pool.take();
        Buffer second = std::move(first);
        CHECK(pool.lent_bytes() == 16 * 1024);
        second = pool.take(32 * 1024);
        CHECK(pool.lent_bytes() == 32 * 1024);
    }
    CHECK(pool.lent_bytes() == 0);
}
