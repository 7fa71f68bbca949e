#include "upstream/cookie.hpp"

#include <catch2/catch.hpp>

using sluice::upstream::find_cookie;

TEST_CASE("find_cookie finds a cookie's value by its whole name", "[upstream]") {
    const std::string_view header = "a=1; sluice=x.y; theme=dark=er; empty=; last=\"quoted\"";
    CHECK(find_cookie(header, "a") == "1");
    CHECK(find_cookie(header, "sluice") == "x.y");
    CHECK(find_cookie(header, "theme") == "dark=er");
    CHECK(find_cookie(header, "empty") == "");
    CHECK(find_cookie(header, "last") == "\"quoted\"");
    CHECK_FALSE(find_cookie(header, "Sluice"));
    CHECK_FALSE(find_cookie(header, "slu"));
    CHECK_FALSE(find_cookie(header, "uice"));
    CHECK_FALSE(find_cookie(header, "1"));
    CHECK_FALSE(find_cookie(header, "er"));
}

TEST_CASE("find_cookie takes the first of several cookies of a name", "[upstream]") {
    CHECK(find_cookie("a=1; a=2", "a") == "1");
}

TEST_CASE("find_cookie bears what clients send against the grammar", "[upstream]") {
    CHECK(find_cookie("a=1;b=2", "b") == "2");
    CHECK(find_cookie("a=1 ;  b\t= 2 ;", "b") == "2");
    CHECK(find_cookie(";;; b=2", "b") == "2");
    CHECK(find_cookie("b; b=2", "b") == "2");
    CHECK_FALSE(find_cookie("b", "b"));
    CHECK_FALSE(find_cookie("", "b"));
    CHECK_FALSE(find_cookie(";", "b"));
    CHECK_FALSE(find_cookie("=2", "b"));
    CHECK_FALSE(find_cookie("a=b=2", "b"));
}
