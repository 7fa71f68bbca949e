#include <array>
#include <catch2/catch.hpp>

#include "config/problem.hpp"
#include "config/words.hpp"

namespace sluice::config {

TEST_CASE("a misspelt word is led to the nearest one, whatever its case and separators",
          "[config]") {
    const std::array<std::string_view, 4> keys{"connect_timeout", "idle_timeout", "endpoints",
                                               "name"};
    CHECK(find_nearest("endpoint", keys) == "endpoints");
    CHECK(find_nearest("connectTimeout", keys) == "connect_timeout");
    CHECK(find_nearest("IDLE-TIMEOUT", keys) == "idle_timeout");
    CHECK(find_nearest("nmae", keys) == std::nullopt);
    CHECK(find_nearest("nam", keys) == "name");
    CHECK(find_nearest("balance", keys) == std::nullopt);
    CHECK(suggest("balance", keys) ==
          "known are 'connect_timeout', 'idle_timeout', 'endpoints' and 'name'");
}

TEST_CASE("a problem is one line, whatever the file holds", "[config]") {
    const Problem problem{"a\x7f.json", {3, 7}, "/routes/0/a\nb", "message \x1b[31m", "help"};
    CHECK(format_problem(problem) == "a\\x7f.json:3:7: /routes/0/a\\x0ab: message \\x1b[31m; help");
}

TEST_CASE("a pointer escapes what would break it", "[config]") {
    CHECK(pointer_to("/a", "b/c~d") == "/a/b~1c~0d");
    CHECK(pointer_to("", 3) == "/3");
}

TEST_CASE("a long value is shortened between characters", "[config]") {
    CHECK(in_quotes(std::string(60, 'a')) == "'" + std::string(60, 'a') + "'");
    CHECK(in_quotes(std::string(59, 'a') + "\xC3\xA4" + "b") == "'" + std::string(59, 'a') + "...'");
}

}  // namespace sluice::config
