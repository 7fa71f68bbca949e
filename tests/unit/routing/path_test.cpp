#include "routing/path.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <vector>

#include "base/random.hpp"

using namespace sluice;
using routing::normalise_path;

namespace {

struct Case {
    int line = 0;
    std::string raw;
    std::string expected;
};

std::string unescape(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            bytes.push_back(text[i]);
        } else if (text.at(i + 1) == 'x') {
            bytes.push_back(static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16)));
            i += 3;
        } else {
            bytes.push_back(text[++i]);
        }
    }
    return bytes;
}

std::vector<Case> read_cases() {
    std::ifstream file(SLUICE_SOURCE_DIR "/tests/data/routing/paths.txt");
    std::vector<Case> cases;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.starts_with('#')) continue;
        const std::size_t arrow = line.find(" -> ");
        REQUIRE(arrow != std::string::npos);
        cases.push_back(
            {number, unescape(line.substr(0, arrow)), unescape(line.substr(arrow + 4))});
    }
    return cases;
}

void check(const Case& example) {
    INFO("paths.txt:" << example.line << ": " << example.raw);
    std::string scratch;
    const auto normal = normalise_path(example.raw, scratch);
    if (example.expected.starts_with("! ")) {
        REQUIRE_FALSE(normal);
        CHECK(normal.error().code == ErrorCode::BadPath);
        CHECK(normal.error().side == Side::Client);
        CHECK_THAT(normal.error().context(), Catch::Contains(example.expected.substr(2)));
        return;
    }
    INFO((normal ? std::string(*normal) : normal.error().context()));
    REQUIRE(normal);
    if (example.expected == "=") {
        CHECK(normal->data() == example.raw.data());
        CHECK(*normal == example.raw);
    } else {
        CHECK(*normal == example.expected);
    }
}

bool is_normal(std::string_view path) {
    std::string scratch;
    const auto normal = normalise_path(path, scratch);
    return normal && normal->data() == path.data() && *normal == path;
}

}  // namespace

TEST_CASE("normalise_path gives each path of the table its normal form or refuses it",
          "[routing]") {
    const std::vector<Case> cases = read_cases();
    REQUIRE(cases.size() > 150);
    for (const Case& example : cases) check(example);
}

TEST_CASE("a normal form is its own normal form", "[routing]") {
    for (const Case& example : read_cases()) {
        std::string scratch;
        const auto normal = normalise_path(example.raw, scratch);
        if (!normal) continue;
        INFO(example.raw << " -> " << *normal);
        CHECK(is_normal(*normal));
    }
}

TEST_CASE("a random path is refused or gets a form without anything to misread", "[routing]") {
    // Pieces of attacks, put together at random.
    const std::vector<std::string> pieces{
        "/", "//",  ".",   "..", "%2e",      "%2E",    "a",      "B",  "%41", "%2f", "%5c",
        ";", "%3b", "%00", "%",  "\xC3\xA9", "%c3%a9", "%c0%ae", "\\", "~",   "[",   "%25"};
    Random random(7);
    std::string scratch;
    for (int round = 0; round < 100000; ++round) {
        std::string raw = "/";
        for (std::uint32_t i = random.below(10); i > 0; --i) {
            raw += pieces[random.below(static_cast<std::uint32_t>(pieces.size()))];
        }
        const auto normal = normalise_path(raw, scratch);
        if (!normal) continue;
        const std::string form(*normal);
        INFO(raw << " -> " << form);
        REQUIRE(is_normal(form));
        REQUIRE(form.find("//") == std::string::npos);
        const std::string closed = form + "/";
        for (const char* bad : {"/./", "/../", "/.;", "/..;", "/;", "\\", "%2F", "%5C", "%00"}) {
            REQUIRE(closed.find(bad) == std::string::npos);
        }
    }
}

TEST_CASE("every byte is treated the same bare and after the fast scan", "[routing]") {
    // The fast scan and the slow pass each have a table: a path that the scan lets through must
    // come out of the slow pass as it is. "/./" forces the slow pass.
    for (int byte = 0; byte < 256; ++byte) {
        const std::string raw = std::string("/x") + static_cast<char>(byte) + "y";
        const std::string slow = "/." + raw;
        std::string scratch;
        std::string slow_scratch;
        const auto one = normalise_path(raw, scratch);
        const auto other = normalise_path(slow, slow_scratch);
        INFO("byte " << byte);
        REQUIRE(one.has_value() == other.has_value());
        if (one) CHECK(*one == *other);
    }
}

TEST_CASE("the reason of a refusal says at which byte", "[routing]") {
    std::string scratch;
    CHECK_THAT(normalise_path("/ab%2Fc", scratch).error().context(), Catch::Contains("(at byte 4)"));
}
