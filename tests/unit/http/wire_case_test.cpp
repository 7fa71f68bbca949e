#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/wire_case.hpp"
#include "support/wire_play.hpp"

namespace {

using sluice::test::WireCase;
using sluice::test::WirePlay;

const std::vector<WireCase>& all_cases() {
    static const auto cases = sluice::test::load_wire_cases(SLUICE_SOURCE_DIR "/tests/data/http");
    return cases;
}

WirePlay player(const WireCase& one) {
    return one.is_response ? WirePlay(one.answered) : WirePlay();
}

/// "error 400 bad_host: text" expects that status and code, and the text anywhere in the message.
bool is_expected(const std::string& event, const std::string& expected) {
    if (!expected.starts_with("error ")) return event == expected;
    const std::size_t text = expected.find(": ") + 2;
    return event.starts_with(expected.substr(0, text)) && event.contains(expected.substr(text));
}

std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text.append("\n  ").append(line);
    return text;
}

void check_events(const WireCase& one, const std::vector<std::string>& events) {
    const bool same =
        std::equal(events.begin(), events.end(), one.events.begin(), one.events.end(), is_expected);
    INFO("expected" << join(one.events) << "\nbut saw" << join(events));
    CHECK(same);
}

/// Every place for short cases; for long ones the places near their ends and some between.
std::vector<std::size_t> split_places(std::size_t size) {
    constexpr std::size_t thorough = 1024;
    const std::size_t step = size <= thorough ? 1 : size / 64;
    std::vector<std::size_t> places;
    for (std::size_t at = 1; at < size; at += (at < 64 || size - at < 64) ? 1 : step) {
        places.push_back(at);
    }
    return places;
}

}  // namespace

TEST_CASE("Wire cases read whole mean what they say", "[http]") {
    for (const WireCase& one : all_cases()) {
        INFO(one.place << " " << one.title);
        check_events(one, play(player(one), one.bytes, {}));
    }
}

TEST_CASE("Wire cases read byte by byte mean the same", "[http]") {
    for (const WireCase& one : all_cases()) {
        INFO(one.place << " " << one.title);
        const auto whole = play(player(one), one.bytes, {});
        // Appending to the buffer of a huge case once a byte takes long and shows nothing more.
        if (one.bytes.size() > 64 * 1024) continue;
        const auto bytewise = play_byte_by_byte(player(one), one.bytes);
        CHECK(bytewise == whole);
    }
}

TEST_CASE("Wire cases split at any point mean the same", "[http]") {
    for (const WireCase& one : all_cases()) {
        INFO(one.place << " " << one.title);
        const auto whole = play(player(one), one.bytes, {});
        for (const std::size_t cut : split_places(one.bytes.size())) {
            if (play(player(one), one.bytes, {cut}) == whole) continue;
            FAIL("differs when split at " << cut);
        }
    }
}

TEST_CASE("There are at least 150 wire cases, a quarter of them valid, each with its own title",
          "[http]") {
    std::set<std::string> titles;
    std::size_t valid = 0;
    for (const WireCase& one : all_cases()) {
        const std::string file = one.place.substr(0, one.place.find(':'));
        CHECK(titles.insert(file + ": " + one.title).second);
        const bool refused = std::any_of(one.events.begin(), one.events.end(),
                                         [](const auto& e) { return e.starts_with("error "); });
        if (!refused) ++valid;
    }
    CHECK(titles.size() >= 150);
    CHECK(valid >= 35);
    CHECK(titles.size() - valid >= 97);
}

TEST_CASE("A wire case file with a mistake is an error that names the line", "[http]") {
    CHECK_THROWS_WITH(sluice::test::parse_wire_cases("x\n", "a.wire"),
                      "a.wire:1: text before the first case");
    CHECK_THROWS_WITH(sluice::test::parse_wire_cases("=== t\n--- bytes\n\\q\n", "a.wire"),
                      "a.wire:3: an unknown escape");
    CHECK_THROWS_WITH(sluice::test::parse_wire_cases("=== t\n--- bytes\nabc\n", "a.wire"),
                      "a.wire:1: a case without events");
    CHECK_THROWS_WITH(sluice::test::parse_wire_cases("=== t\nkind: other\n", "a.wire"),
                      "a.wire:2: neither a comment nor a kind");
}
