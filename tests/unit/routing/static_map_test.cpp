#include "routing/static_map.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using sluice::routing::equal_bytes;
using sluice::routing::hash_text;
using sluice::routing::StaticMap;

TEST_CASE("an empty StaticMap has no key", "[routing]") {
    CHECK(StaticMap().find("") == StaticMap::none);
    CHECK(StaticMap(std::vector<std::pair<std::string, std::uint32_t>>()).find("/a") ==
          StaticMap::none);
}

TEST_CASE("StaticMap finds every key and nothing else", "[routing]") {
    std::vector<std::pair<std::string, std::uint32_t>> items{{"", 7}};
    for (std::uint32_t i = 1; i < 20000; ++i) {
        items.emplace_back("/api/v" + std::to_string(i % 7) + "/things/" +
                               std::string(i % 50, 'x') + std::to_string(i),
                           i);
    }
    items.front().second = 0;
    const StaticMap map(items);
    for (const auto& [key, value] : items) REQUIRE(map.find(key) == value);
    for (const auto& [key, value] : items) {
        REQUIRE(map.find(key + "/") == StaticMap::none);
        REQUIRE(map.find("x" + key) == StaticMap::none);
    }
}

TEST_CASE("hash_text looks at every byte of any length and reads nothing else", "[routing]") {
    for (std::size_t size = 0; size < 200; ++size) {
        const auto bytes = std::make_unique<char[]>(size);
        std::fill_n(bytes.get(), size, 'a');
        const std::string_view text(bytes.get(), size);
        const auto hash = hash_text(text, 1);
        CHECK(hash != hash_text(text, 2));
        for (std::size_t i = 0; i < size; ++i) {
            bytes[i] = 'b';
            REQUIRE(hash_text(text, 1) != hash);
            REQUIRE_FALSE(equal_bytes(text.data(), std::string(size, 'a').data(), size));
            bytes[i] = 'a';
        }
        CHECK(equal_bytes(text.data(), std::string(size, 'a').data(), size));
    }
}
