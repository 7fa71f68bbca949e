#include "posix/run_command.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace sluice;
using namespace sluice::service;

TEST_CASE("a command that ends well is no failure, and its words reach it as they are", "[service]") {
    CHECK(run_command({"true"}).has_value());
    CHECK(run_command({"test", "a  b;$(false)", "=", "a  b;$(false)"}).has_value());
}

TEST_CASE("a failure says what was run and how it ended", "[service]") {
    const Result<void> failed = run_command({"sh", "-c", "exit 7"});
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().context() == "sh -c 'exit 7' ended with exit code 7");
    const Result<void> killed = run_command({"sh", "-c", "kill -9 $$"});
    REQUIRE_FALSE(killed.has_value());
    CHECK(killed.error().context().ends_with("was ended by signal 9"));
}

TEST_CASE("a command that is not there can't be run", "[service]") {
    const Result<void> failed = run_command({"/no/such/command", "now"});
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().context() == "can't run /no/such/command now");
    CHECK(failed.error().cause() == std::errc::no_such_file_or_directory);
    CHECK_FALSE(run_command({}).has_value());
}

TEST_CASE("a command gets nothing to read", "[service]") {
    CHECK(run_command({"sh", "-c", "! read -r line"}).has_value());
}

TEST_CASE("a command line is printed as one would type it", "[service]") {
    CHECK(command_line({"systemctl", "enable", "--now", "a.service"}) == "systemctl enable --now a.service");
    CHECK(command_line({"check", "/etc/a b", "", "it's", "$HOME"}) == "check '/etc/a b' '' 'it'\\''s' '$HOME'");
}
