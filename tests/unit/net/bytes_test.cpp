#include "net/bytes.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <utility>

using namespace sluice::net;

TEST_CASE("Bytes keep what is added in its order, over every growth of their block", "[net]") {
    BufferPool pool;
    Bytes bytes;
    std::string expected;
    for (std::size_t i = 0; i < 300; ++i) {
        const std::string piece(i, static_cast<char>('a' + i % 26));
        bytes.append(pool, piece);
        expected += piece;
    }
    CHECK(bytes.view() == expected);
    CHECK(bytes.size() == expected.size());
}

TEST_CASE("Bytes hold no block before the first byte and after they are cleared or moved away", "[net]") {
    BufferPool pool;
    Bytes bytes;
    bytes.append(pool, "");
    CHECK(pool.lent_bytes() == 0);
    bytes.append(pool, "word");
    CHECK(pool.lent_bytes() != 0);
    Bytes other = std::move(bytes);
    CHECK(bytes.empty());
    CHECK(other.view() == "word");
    other = std::move(bytes);
    CHECK(other.empty());
    CHECK(pool.lent_bytes() == 0);
    other.append(pool, "again");
    other.clear();
    CHECK(other.empty());
    CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("Bytes swap without copying", "[net]") {
    BufferPool pool;
    Bytes one;
    Bytes two;
    one.append(pool, "one");
    const char* const memory = one.view().data();
    std::swap(one, two);
    CHECK(one.empty());
    CHECK(two.view().data() == memory);
}

TEST_CASE("Bytes take as much as the largest block holds and refuse more", "[net]") {
    BufferPool pool;
    Bytes bytes;
    bytes.append(pool, std::string(BufferPool::largest_bytes, 'x'));
    CHECK(bytes.size() == BufferPool::largest_bytes);
    CHECK_THROWS_AS(bytes.append(pool, "y"), std::length_error);
    CHECK(bytes.size() == BufferPool::largest_bytes);
}
