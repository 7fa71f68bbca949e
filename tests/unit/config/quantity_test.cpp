#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "config/quantity.hpp"

namespace sluice::config {

using namespace std::chrono_literals;

TEST_CASE("a duration is one whole number and one unit", "[config]") {
    const auto [text, duration] = GENERATE(
        table<std::string, std::chrono::milliseconds>({{"0s", 0ms},
                                                       {"0ms", 0ms},
                                                       {"1ms", 1ms},
                                                       {"500ms", 500ms},
                                                       {"30s", 30s},
                                                       {"2m", 2min},
                                                       {"1h", 1h},
                                                       {"090s", 90s},
                                                       {"2562047788015h", 2562047788015h}}));
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    REQUIRE(parsed);
    CHECK(*parsed == duration);
}

TEST_CASE("what is not a duration is refused with the forms that are", "[config]") {
    const std::string text = GENERATE(
        values<std::string>({"", "s", "30", "30 s", " 30s", "30s ", "-1s", "+1s", "1.5s", "1e3s",
                             "30S", "30sec", "1m30s", "1d", "1w", "0x10s", "99999999999999999999s",
                             "9223372036854775807h", "\xC2\xB2s"}));
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().help.contains("30s"));
}

TEST_CASE("a duration is written in the largest unit that fits", "[config]") {
    const auto [duration, text] =
        GENERATE(table<std::chrono::milliseconds, std::string>({{0ms, "0s"},
                                                                {1ms, "1ms"},
                                                                {1500ms, "1500ms"},
                                                                {66s, "66s"},
                                                                {120s, "2m"},
                                                                {3600s, "1h"},
                                                                {90min, "90m"}}));
    CHECK(format_duration(duration) == text);
    CHECK(parse_duration(text) == duration);
}

TEST_CASE("a size is bytes, or a number and a binary unit", "[config]") {
    const auto [text, bytes] = GENERATE(table<std::string, std::uint64_t>({{"0", 0},
                                                                           {"65536", 65536},
                                                                           {"512B", 512},
                                                                           {"64KiB", 65536},
                                                                           {"1MiB", 1048576},
                                                                           {"2GiB", 2147483648}}));
    CAPTURE(text);
    const auto parsed = parse_size(text);
    REQUIRE(parsed);
    CHECK(*parsed == bytes);
}

TEST_CASE("what is not a size is refused with the forms that are", "[config]") {
    const std::string text = GENERATE(
        values<std::string>({"", "KiB", "64k", "64K", "64KB", "64kib", "64 KiB", "-1", "1.5MiB",
                             "1TiB", "99999999999999999999", "9999999999999GiB"}));
    CAPTURE(text);
    const auto parsed = parse_size(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().help.contains("64KiB"));
}

TEST_CASE("a size is written in the largest unit that fits", "[config]") {
    const auto [bytes, text] = GENERATE(table<std::uint64_t, std::string>({{0, "0"},
                                                                           {1, "1B"},
                                                                           {1024, "1KiB"},
                                                                           {1025, "1025B"},
                                                                           {1048576, "1MiB"},
                                                                           {3221225472, "3GiB"}}));
    CHECK(format_size(bytes) == text);
    CHECK(parse_size(text) == bytes);
}

}  // namespace sluice::config
