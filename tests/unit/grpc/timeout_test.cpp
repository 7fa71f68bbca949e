#include "grpc/timeout.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "base/random.hpp"

namespace {

using namespace sluice;
using namespace sluice::grpc;
using namespace std::chrono_literals;

std::string text_of(Duration left) { return std::string(TimeoutText(left).view()); }

}  // namespace

TEST_CASE("a grpc-timeout is read in each unit", "[grpc]") {
    CHECK(parse_timeout("2H") == Duration(2h));
    CHECK(parse_timeout("3M") == Duration(3min));
    CHECK(parse_timeout("4S") == Duration(4s));
    CHECK(parse_timeout("250m") == Duration(250ms));
    CHECK(parse_timeout("99999999u") == Duration(99999999us));
    CHECK(parse_timeout("00000500n") == std::chrono::duration_cast<Duration>(500ns));
    CHECK(parse_timeout("0S") == Duration::zero());
}

TEST_CASE("a malformed grpc-timeout is none", "[grpc]") {
    const std::string_view text = GENERATE(as<std::string_view>{}, "", "S", "1", "10", "1s", "1h", "1 S", " 1S", "1S ", "-1S", "+1S", "1.5S",
                                           "123456789S", "0000000001S", "1SS", "0x1S", "1ms", std::string_view("1S\0", 3));
    CAPTURE(text);
    CHECK_FALSE(parse_timeout(text));
}

TEST_CASE("a grpc-timeout beyond a hundred years is taken for a hundred years", "[grpc]") {
    CHECK(parse_timeout("99999999H") == longest_timeout);
    CHECK(parse_timeout("876000H") == longest_timeout);
    CHECK(parse_timeout("876001H") == longest_timeout);
    CHECK(parse_timeout("875999H") == longest_timeout - Duration(1h));
    CHECK(parse_timeout("99999999M") == longest_timeout);
    CHECK(parse_timeout("99999999S") == Duration(99999999s));
    CHECK(TimePoint(Duration(24h * 365 * 50)) + longest_timeout > TimePoint());
}

TEST_CASE("what is left is written in the shortest text", "[grpc]") {
    CHECK(text_of(1s) == "1S");
    CHECK(text_of(250ms) == "250m");
    CHECK(text_of(90s) == "90S");
    CHECK(text_of(120s) == "2M");
    CHECK(text_of(1h) == "1H");
    CHECK(text_of(1500ms) == "1500m");
    CHECK(text_of(std::chrono::duration_cast<Duration>(7ns)) == "7n");
    CHECK(text_of(std::chrono::duration_cast<Duration>(99999999ns)) == "99999999n");
}

TEST_CASE("what is left is rounded down where eight digits do not hold it", "[grpc]") {
    CHECK(text_of(std::chrono::duration_cast<Duration>(100000001ns)) == "100m");
    CHECK(text_of(std::chrono::duration_cast<Duration>(1234567899ns)) == "1234567u");
    CHECK(text_of(Duration(100s) + Duration(1us)) == "100S");
    CHECK(text_of(Duration::max()).back() == 'H');
}

TEST_CASE("when no time is left the text is one nanosecond", "[grpc]") {
    CHECK(text_of(Duration::zero()) == "1n");
    CHECK(text_of(-5s) == "1n");
    CHECK(text_of(Duration::min()) == "1n");
}

TEST_CASE("what is written reads as no more than was left and hardly less", "[grpc]") {
    Random random(7);
    for (int round = 0; round < 20000; ++round) {
        const auto shift = static_cast<int>(random.below(61));
        const Duration left(static_cast<Duration::rep>((std::uint64_t{1} << shift) + random.below(1u << 31)) % longest_timeout.count());
        const auto back = parse_timeout(TimeoutText(left).view());
        REQUIRE(back);
        REQUIRE(*back <= left);
        REQUIRE(left - *back <= left / 10000);
    }
}
