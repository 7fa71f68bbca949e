#include "linux/unit_file.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace sluice::service;

TEST_CASE("a unit names its instance, binary and configuration", "[service]") {
    const std::string text = unit_text({"shop", "/opt/sluice", "/etc/sluice/shop.json"});
    CHECK(text.find("ExecStart=/opt/sluice run -c /etc/sluice/shop.json\n") != std::string::npos);
    CHECK(text.find("StateDirectory=shop\n") != std::string::npos);
    CHECK(text.find("@SLUICE") == std::string::npos);
}

TEST_CASE("what systemd would take for something else in a command line is written so that it does not", "[service]") {
    const std::string text = unit_text({"shop", "/opt/my sluice", "/etc/100%/$HOME/\"x\\y"});
    CHECK(text.find(R"(ExecStart="/opt/my sluice" run -c "/etc/100%%/$$HOME/\"x\\y")") != std::string::npos);
}

TEST_CASE("our units are known among others", "[service]") {
    CHECK(is_our_unit(unit_text({"shop", "/opt/sluice", "/etc/sluice/shop.json"})));
    CHECK_FALSE(is_our_unit("[Unit]\nDescription=Sluice\n"));
    CHECK_FALSE(is_our_unit(""));
}
