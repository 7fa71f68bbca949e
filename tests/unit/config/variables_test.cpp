#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

#include "config/variables.hpp"

namespace sluice::config {
namespace {

std::optional<std::string> find(const std::string& name) {
    static const std::map<std::string, std::string> variables{
        {"A", "value"}, {"EMPTY", ""}, {"REFERENCE", "${A}"}, {"BYTES", "\xFF"}};
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
}

ExpandedText expand(std::string_view text) { return expand_variables(text, find); }

}  // namespace

TEST_CASE("a reference is replaced by the variable's value, or by its default", "[config]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"${A}", "value"},
        {"a ${A} b ${A}", "a value b value"},
        {"${A:-x}", "value"},
        {"${NONE:-x}", "x"},
        {"${NONE:-}", ""},
        {"${EMPTY}", ""},
        {"${EMPTY:-x}", "x"},
        {"${NONE:-a:-b}", "a:-b"},
        {"${NONE:-${A}", "${A"},
        {"$${A}", "${A}"},
        {"$$${A}", "$${A}"},
        {"$A $ {A} $", "$A $ {A} $"},
        {"${REFERENCE}", "${A}"},
    }));
    const ExpandedText expanded = expand(text);
    CAPTURE(text);
    CHECK(expanded.text == expected);
    CHECK(expanded.faults.empty());
}

TEST_CASE("a reference that can't be replaced says where it begins", "[config]") {
    const auto [text, offset] = GENERATE(table<std::string, std::size_t>({
        {"ab${NONE}", 2},
        {"${A}${", 4},
        {"${}", 0},
        {"x${1A}", 1},
        {"${a b}", 0},
        {"${:-x}", 0},
        {"${A-x}", 0},
        {"${BYTES}", 0},
    }));
    const ExpandedText expanded = expand(text);
    CAPTURE(text);
    REQUIRE(expanded.faults.size() == 1);
    CHECK(expanded.faults.front().offset == offset);
    CHECK_FALSE(expanded.faults.front().complaint.help.empty());
}

TEST_CASE("only a text that is one reference may stand for a number", "[config]") {
    CHECK(expand("${A}").is_reference);
    CHECK(expand("${NONE:-5}").is_reference);
    CHECK_FALSE(expand("${A}${A}").is_reference);
    CHECK_FALSE(expand(" ${A}").is_reference);
    CHECK_FALSE(expand("$${A}").is_reference);
    CHECK_FALSE(expand("$${A}").has_references);
}

TEST_CASE("any text that was escaped is expanded to itself", "[config]") {
    std::mt19937 random(20261124);
    const std::string letters = "${}A:-x";
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (std::size_t length = random() % 12; length > 0; --length) text.push_back(letters[random() % letters.size()]);
        const ExpandedText expanded = expand(escape_variables(text));
        if (expanded.text == text && expanded.faults.empty() && !expanded.has_references) continue;
        CAPTURE(text, escape_variables(text), expanded.text);
        REQUIRE(expanded.text == text);
        REQUIRE(expanded.faults.empty());
    }
}

TEST_CASE("the column of a reference is that in the file, whatever escapes stand before it", "[config]") {
    const auto [text, column] = GENERATE(table<std::string, std::uint32_t>({
        {R"(["${NONE}"])", 3},
        {R"(["\n\"\\${NONE}"])", 9},
        {R"(["\u00e4${NONE}"])", 9},
        {R"(["\u20ac${NONE}"])", 9},
        {R"(["\ud83d\ude00${NONE}"])", 15},
        {"[\"\xC3\xA4\xE2\x82\xAC${NONE}\"]", 5},
        {R"(["\u0024{NONE}"])", 3},
    }));
    JsonTree tree = read_json(text);
    REQUIRE(tree.complete);
    std::vector<Problem> problems;
    expand_variables(tree.root, text, find, problems);
    CAPTURE(text);
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().position.line == 1);
    CHECK(problems.front().position.column == column);
    CHECK(problems.front().pointer == "/0");
}

}  // namespace sluice::config
