#include "base/text.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace sluice;

namespace {

std::string json(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string printable(std::string_view text) {
    std::string out;
    append_printable(out, text);
    return out;
}

}  // namespace

TEST_CASE("Names are compared without the case of ASCII letters alone", "[base]") {
    CHECK(equal_ignoring_case("Content-Length", "cONTENT-lENGTH"));
    CHECK(equal_ignoring_case("", ""));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("@", "`"));
    CHECK_FALSE(equal_ignoring_case("[", "{"));
    CHECK_FALSE(equal_ignoring_case("\xC4", "\xE4"));
    CHECK(to_lower("ABCxyz-019@[\xC4") == "abcxyz-019@[\xC4");
}

TEST_CASE("Trim takes spaces and tabs off both ends, and nothing else", "[base]") {
    const auto [text, trimmed] = GENERATE(table<std::string, std::string>({
        {"", ""},
        {" ", ""},
        {" \t ", ""},
        {"a", "a"},
        {" a b\t", "a b"},
        {"\na", "\na"},
        {"a\r", "a\r"},
    }));
    CHECK(trim(text) == trimmed);
}

TEST_CASE("A list yields its elements without white space and empty ones", "[base]") {
    const auto [list, elements] = GENERATE(table<std::string, std::vector<std::string>>({
        {"", {}},
        {",", {}},
        {" , ,\t,", {}},
        {"a", {"a"}},
        {"a,b", {"a", "b"}},
        {" a , , b c ,", {"a", "b c"}},
    }));
    std::string_view rest = list;
    std::vector<std::string> got;
    while (const auto element = next_list_element(rest)) got.emplace_back(*element);
    CHECK(got == elements);
}

TEST_CASE("Decimal takes digits alone", "[base]") {
    CHECK(parse_decimal("0") == 0U);
    CHECK(parse_decimal("007") == 7U);
    CHECK(parse_decimal("18446744073709551615") == 18446744073709551615ULL);
    const std::string bad = GENERATE("", " ", "+1", "-1", "1 ", " 1", "0x5", "1_0", "5,6", "1e3",
                                     "18446744073709551616", "99999999999999999999");
    CHECK_FALSE(parse_decimal(bad));
}

TEST_CASE("A JSON string escapes what could break a line or is no UTF-8", "[base]") {
    const auto [text, escaped] = GENERATE(table<std::string, std::string>({
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"a\"b\\c", R"("a\"b\\c")"},
        {"\r\n\t", R"("\u000d\u000a\u0009")"},
        {"\x1b[31m", R"("\u001b[31m")"},
        {std::string("a\0b", 3), R"("a\u0000b")"},
        {"\x7f", R"("\u007f")"},
        {"gr\xC3\xBC\xC3\x9F", "\"gr\xC3\xBC\xC3\x9F\""},
        {"\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {"\xC3", R"("\u00c3")"},
        {"\xC0\xAF", R"("\u00c0\u00af")"},
        {"\xE0\x80\xAF", R"("\u00e0\u0080\u00af")"},
        {"\xED\xA0\x80", R"("\u00ed\u00a0\u0080")"},
        {"\xF4\x90\x80\x80", R"("\u00f4\u0090\u0080\u0080")"},
        {"\xFF", R"("\u00ff")"},
        {"\x80z", R"("\u0080z")"},
    }));
    CHECK(json(text) == escaped);
}

TEST_CASE("Printable text keeps ASCII and shows every other byte", "[base]") {
    CHECK(printable("GET /a b~") == "GET /a b~");
    CHECK(printable("\x1b[31m\n") == "\\x1b[31m\\x0a");
    CHECK(printable("\\x0a") == "\\x5cx0a");
    CHECK(printable("\xC3\xBC\x7f") == "\\xc3\\xbc\\x7f");
}

TEST_CASE("Edit distance counts insertions, deletions and replacements", "[base]") {
    const auto [a, b, distance] = GENERATE(table<std::string, std::string, std::size_t>({
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"routes", "routes", 0},
        {"rutes", "routes", 1},
        {"kitten", "sitting", 3},
        {"adress", "address", 1},
        {"ab", "ba", 2},
    }));
    CHECK(edit_distance(a, b) == distance);
    CHECK(edit_distance(b, a) == distance);
}
