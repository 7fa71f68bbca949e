#include "macos/steps.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::service;

namespace {

std::string text_of(Verb verb, const Instance& instance) {
    const auto steps = steps_in({}, verb, instance);
    REQUIRE(steps);
    std::string text;
    for (const Step& step : *steps) text += step.text + "\n";
    return text;
}

Instance web_instance() { return {.name = "web", .binary = "/usr/local/bin/sluice", .config = "/usr/local/etc/sluice/web.json"}; }

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("The verbs of a launchd job are shown as launchctl's command lines", "[service][macos]") {
    CHECK(text_of(Verb::Reload, web_instance()) == "launchctl kill SIGHUP system/dev.sluice.web\n");
    CHECK(text_of(Verb::Status, web_instance()) == "launchctl print system/dev.sluice.web\n");
    CHECK(text_of(Verb::Logs, web_instance()) == "tail -n 100 /Library/Logs/Sluice/web.log\n");
    CHECK(text_of(Verb::Stop, web_instance()) == "launchctl bootout system/dev.sluice.web  # if it is loaded; then wait until it has ended\n");
    CHECK(text_of(Verb::Start, web_instance()) ==
          "launchctl bootstrap system /Library/LaunchDaemons/dev.sluice.web.plist  # unless it is loaded\n"
          "launchctl kickstart system/dev.sluice.web\n");
    CHECK(text_of(Verb::Restart, web_instance()) == text_of(Verb::Stop, web_instance()) + text_of(Verb::Start, web_instance()));
}

TEST_CASE("A restart of a launchd job never kills it at once", "[service][macos]") {
    CHECK_FALSE(has(text_of(Verb::Restart, web_instance()), "kickstart -k"));
}

TEST_CASE("The installation of a launchd job checks the configuration before it writes and starts the job last", "[service][macos]") {
    const std::string text = text_of(Verb::Install, web_instance());
    const std::size_t check = text.find("sudo -u _sluice /usr/local/bin/sluice check /usr/local/etc/sluice/web.json\n");
    CHECK(check < text.find("install -d"));
    CHECK(text.ends_with(text_of(Verb::Start, web_instance())));
    CHECK(has(text, "write /Library/LaunchDaemons/dev.sluice.web.plist:\n<?xml"));
    CHECK(has(text, "install -d -o _sluice -g admin -m 0750 /Library/Logs/Sluice\n"));
    CHECK(has(text, "write /etc/newsyslog.d/dev.sluice.web.conf:\n"));
    CHECK(has(text, "launchctl enable system/dev.sluice.web\n"));
}

TEST_CASE("The installation of a launchd job makes its account where it is missing", "[service][macos]") {
    const std::string text = text_of(Verb::Install, web_instance());
    CHECK(has(text, "dscl . -create /Groups/_sluice PrimaryGroupID 3"));
    CHECK(has(text, "dscl . -create /Users/_sluice UniqueID 3"));
    CHECK(has(text, "dscl . -create /Users/_sluice UserShell /usr/bin/false\n"));
}

TEST_CASE("A launchd job that can't be is refused before anything is done", "[service][macos]") {
    Instance instance = web_instance();
    instance.config = "relative.json";
    CHECK_FALSE(steps_in({}, Verb::Install, instance));
}

TEST_CASE("Everybody may ask how a service of launchd is", "[service][macos]") {
    CHECK(check_rights(Verb::Status));
    CHECK(check_rights(Verb::Logs));
}

TEST_CASE("Only root may change services of launchd", "[service][macos]") {
    const Verb verb = GENERATE(Verb::Install, Verb::Uninstall, Verb::Start, Verb::Stop, Verb::Restart, Verb::Reload);
    const auto allowed = check_rights(verb);
    CHECK(allowed.has_value() == (::geteuid() == 0));
    if (!allowed) CHECK(allowed.error().context().find("sudo") != std::string::npos);
}
