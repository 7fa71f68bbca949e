#include <catch2/catch.hpp>
#include <string>

#include "config/json_tree.hpp"

namespace sluice::config {
namespace {

std::string at(Position position) {
    return std::to_string(position.line) + ":" + std::to_string(position.column);
}

std::string place_of(const std::string& text, const std::string& pointer) {
    const JsonTree tree = read_json(text);
    CHECK(tree.complete);
    const Place place = find_place(tree.root, pointer);
    return at(place.key_position) + " " + at(place.node->position);
}

/// Position, message and help of the first problem.
std::string fault_of(const std::string& text) {
    const JsonTree tree = read_json(text);
    if (tree.problems.empty()) return "none";
    const Problem& problem = tree.problems.front();
    return at(problem.position) + " " + problem.message + "; " + problem.help;
}

}  // namespace

TEST_CASE("every key and value knows its line and column", "[config]") {
    const std::string text =
        "// \"a\": 0\n"
        "{ /* { */ \"a\" : [1, -2.5e3 ,\"x\\\"]\",true],\n"
        "\t\"\xC3\xA4/\" :{ \"b\" //\r\n"
        "   :null } }\n";
    CHECK(place_of(text, "") == "2:1 2:1");
    CHECK(place_of(text, "/a") == "2:11 2:17");
    CHECK(place_of(text, "/a/0") == "2:18 2:18");
    CHECK(place_of(text, "/a/1") == "2:21 2:21");
    CHECK(place_of(text, "/a/2") == "2:29 2:29");
    CHECK(place_of(text, "/a/3") == "2:36 2:36");
    CHECK(place_of(text, "/\xC3\xA4~1") == "3:2 3:8");
    CHECK(place_of(text, "/\xC3\xA4~1/b") == "3:10 4:5");
}

TEST_CASE("a pointer to nothing finds the nearest ancestor", "[config]") {
    CHECK(place_of("{\"a\": [1]}", "/a/7/x") == "1:2 1:7");
    CHECK(place_of("{\"a\": [1]}", "/b") == "1:1 1:1");
}

TEST_CASE("a byte order mark is skipped and takes no column", "[config]") {
    CHECK(place_of("\xEF\xBB\xBF{\"a\":1}", "/a") == "1:2 1:6");
}

TEST_CASE("values keep what they mean", "[config]") {
    const JsonTree tree = read_json(R"({"n": 18446744073709551615, "m": -1, "f": 1.0, "b": false,
                                        "s": "\u00e4\n\ud83d\ude00", "z": null})");
    REQUIRE(tree.problems.empty());
    CHECK(tree.root.find("n")->number == UINT64_MAX);
    CHECK_FALSE(tree.root.find("m")->number);
    CHECK(tree.root.find("m")->text == "-1");
    CHECK_FALSE(tree.root.find("f")->number);
    CHECK(tree.root.find("f")->text == "1.0");
    CHECK(tree.root.find("b")->kind == Node::Kind::Boolean);
    CHECK(tree.root.find("s")->text == "\xC3\xA4\n\xF0\x9F\x98\x80");
    CHECK(tree.root.find("z")->kind == Node::Kind::Null);
    CHECK(tree.root.find("missing") == nullptr);
}

TEST_CASE("a repeated key is reported with its pointer, and the first value is kept", "[config]") {
    const JsonTree tree =
        read_json("{\"a\": {\"b\": 1,\n \"b\": {\"x\": [1]}, \"c\": 2}, \"\\u0061\": 3}");
    REQUIRE(tree.problems.size() == 2);
    CHECK(tree.complete);
    CHECK(tree.problems[0].pointer == "/a/b");
    CHECK(at(tree.problems[0].position) == "2:2");
    CHECK(tree.problems[0].help == "it stands first in line 1, column 8");
    CHECK(tree.problems[1].pointer == "/a");
    CHECK(tree.root.find("a")->find("b")->number == 1);
    CHECK(tree.root.find("a")->find("c")->number == 2);
    CHECK(tree.root.members.size() == 1);
}

TEST_CASE("nesting ends at 64 levels", "[config]") {
    CHECK(fault_of(std::string(64, '[') + std::string(64, ']')) == "none");
    CHECK(fault_of(std::string(65, '[') + std::string(65, ']'))
              .starts_with("1:65 more than 64 levels"));
    CHECK(fault_of(std::string(1'000'000, '[')).starts_with("1:65 more than 64 levels"));
    CHECK(fault_of("{\"a\":" + std::string(64, '[')).starts_with("1:69 more than 64 levels"));
}

TEST_CASE("a syntax error says where it is and what was expected", "[config]") {
    struct Row {
        const char* text;
        const char* fault;
    };
    const auto row = GENERATE(values<Row>({
        {"", "1:1 the file ends too early; the file must hold one object: '{' ... '}'"},
        {"  // nothing\n",
         "2:1 the file ends too early; the file must hold one object: '{' ... '}'"},
        {"{", "1:2 the file ends too early; a key in double quotes or '}' is expected"},
        {"{\"a\"", "1:5 the file ends too early; ':' and a value are expected after a key"},
        {"{\"a\":", "1:6 the file ends too early; a value is expected after ':'"},
        {"{\"a\":1", "1:7 the file ends too early; ',' or '}' is expected"},
        {"{\"a\":1,\n",
         "2:1 the file ends too early; a key in double quotes is expected after ','"},
        {"[1", "1:3 the file ends too early; ',' or ']' is expected"},
        {"{\"a\":1,}", "1:8 unexpected '}'; remove the ',' before '}'"},
        {"[1,]", "1:4 unexpected ']'; remove the ',' before ']'"},
        {"[1,,2]", "1:4 unexpected ','; a value is expected after ','"},
        {"[1 2]", "1:4 unexpected '2'; ',' or ']' is expected"},
        {"{\"a\":1\n \"b\":2}", "2:2 unexpected '\"b\"'; ',' or '}' is expected"},
        {"{\"a\" 1}", "1:6 unexpected '1'; ':' and a value are expected after a key"},
        {"{\"a\":}", "1:6 unexpected '}'; a value is expected after ':'"},
        {"{\"a\"::1}", "1:6 unexpected ':'; a value is expected after ':'"},
        {"{1:2}", "1:2 unexpected '1'; a key in double quotes or '}' is expected"},
        {"{} {}", "1:4 unexpected '{'; nothing may follow the closing '}'"},
        {"{},", "1:3 unexpected ','; nothing may follow the closing '}'"},
        {"[1}", "1:3 unexpected '}'; ',' or ']' is expected"},
        {"}", "1:1 unexpected '}'; the file must hold one object: '{' ... '}'"},
        {"{'a':1}", "1:2 single quotes are not JSON; use double quotes"},
        {"{\"a\":'b'}", "1:6 single quotes are not JSON; use double quotes"},
        {"{a:1}", "1:2 a key without quotes: 'a'; write it in double quotes"},
        {"{\"b\":1, a:1}", "1:9 a key without quotes: 'a'; write it in double quotes"},
        {"{\"a\":True}",
         "1:6 'True' is not a JSON value; write true, false, null, a number, or text in double "
         "quotes"},
        {"{\"a\":truex}",
         "1:6 'truex' is not a JSON value; write true, false, null, a number, or text in double "
         "quotes"},
        {"[nul,1]",
         "1:2 'nul' is not a JSON value; write true, false, null, a number, or text in double "
         "quotes"},
        {"[30s]",
         "1:2 '30s' is not a JSON value; write a whole number without sign and leading zeros, or a "
         "string"},
        {"[01]",
         "1:2 '01' is not a JSON value; write a whole number without sign and leading zeros, or a "
         "string"},
        {"[+1]",
         "1:2 '+1' is not a JSON value; write a whole number without sign and leading zeros, or a "
         "string"},
        {"[1e999]", "1:2 the number '1e999' is too large; write a smaller one"},
        {"{\"a\":\"b\n\"}",
         "1:6 a string is not closed before its line ends; end it with '\"'; write \\n for a line "
         "break"},
        {"{\"a\":\"b", "1:6 a string is not closed; end it with '\"'"},
        {"[\"a\tb\"]",
         "1:4 a string holds a control character; write it escaped, such as \\t or \\u0007"},
        {"[\"C:\\run\\data\"]",
         "1:10 a backslash in a string is followed by a character it may not precede; write \\\\ "
         "for a backslash"},
        {"[\"\\u12G4\"]", "1:7 a \\u escape is broken; write \\u and four hexadecimal digits"},
        {"[\"\\ud800\"]",
         "1:9 a \\u escape is one half of a pair without the other; write the character itself, or "
         "both halves"},
        {"[\"\xE4\"]", "1:2 a string holds bytes that are not UTF-8; save the file as UTF-8"},
        {"{} /* open", "1:4 a comment is not closed; end it with */"},
        {"{ / }", "1:3 a key without quotes: '/'; write it in double quotes"},
        {"{\"a\":1 # comment\n}",
         "1:8 '#' is not a JSON value; write true, false, null, a number, or text in double "
         "quotes"},
    }));
    CAPTURE(row.text);
    CHECK(fault_of(row.text) == row.fault);
}

TEST_CASE("a NUL byte does not hide what follows it", "[config]") {
    CHECK(fault_of(std::string("{}\n\0 x", 6)) ==
          "2:1 the file holds a NUL byte; save it as UTF-8 text");
}

}  // namespace sluice::config
