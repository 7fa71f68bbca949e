#include "macos/property_list.hpp"

#include <catch2/catch.hpp>

using namespace sluice::service;

TEST_CASE("A property list escapes what XML gives a meaning", "[service][macos]") {
    PropertyListWriter list;
    list.add("R&D", "<a> & \"b\" 'c'");
    const std::string text = list.finish();
    CHECK(text.find("\t<key>R&amp;D</key>\n\t<string>&lt;a&gt; &amp; \"b\" 'c'</string>\n</dict>\n</plist>\n") != std::string::npos);
}

TEST_CASE("A property list nests dictionaries and lists", "[service][macos]") {
    PropertyListWriter list;
    list.begin_dictionary("outer");
    list.add("number", -5);
    list.add_boolean("yes", true);
    list.add_boolean("no", false);
    list.add_list("words", {"one", "two"});
    list.end_dictionary();
    CHECK(list.finish().find("<dict>\n\t<key>outer</key>\n\t<dict>\n\t\t<key>number</key>\n\t\t<integer>-5</integer>\n"
                             "\t\t<key>yes</key>\n\t\t<true/>\n\t\t<key>no</key>\n\t\t<false/>\n\t\t<key>words</key>\n\t\t<array>\n"
                             "\t\t\t<string>one</string>\n\t\t\t<string>two</string>\n\t\t</array>\n\t</dict>\n</dict>\n") !=
          std::string::npos);
}

TEST_CASE("A property list holds UTF-8 without control characters", "[service][macos]") {
    CHECK(fits_property_list("/Users/J\xC3\xB6rg/a b.json"));
    CHECK(fits_property_list(""));
    CHECK_FALSE(fits_property_list("line\nbreak"));
    CHECK_FALSE(fits_property_list(std::string_view("a\0b", 3)));
    CHECK_FALSE(fits_property_list("\x7f"));
    CHECK_FALSE(fits_property_list("\xff"));
}
