#include "macos/job.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::service;

namespace {

Instance web() { return {.name = "web", .binary = "/usr/local/bin/sluice", .config = "/usr/local/etc/sluice/web.json"}; }

bool has(const Result<std::string>& text, std::string_view part) { return text && text->find(part) != std::string::npos; }

}  // namespace

TEST_CASE("A launchd job is known by its instance's name", "[service][macos]") {
    CHECK(label_of(web()) == "dev.sluice.web");
    CHECK(target_of(web()) == "system/dev.sluice.web");
    CHECK(property_list_path(web()) == "/Library/LaunchDaemons/dev.sluice.web.plist");
    CHECK(log_path(web()) == "/Library/Logs/Sluice/web.log");
    CHECK(pid_path(web()) == "/var/db/sluice/web.pid");
}

TEST_CASE("newsyslog is told of both log files of a launchd job, and how to tell the process", "[service][macos]") {
    const std::string text = rotation_of(web());
    CHECK(text.find("\n/Library/Logs/Sluice/web.log _sluice:admin 640 7 10240 * Z /var/db/sluice/web.pid 30\n") != std::string::npos);
    CHECK(text.find("\n/Library/Logs/Sluice/web-access.log _sluice:admin 640 ") != std::string::npos);
}

TEST_CASE("A launchd job has sockets only when it is given some", "[service][macos]") {
    CHECK_FALSE(has(property_list_of(web()), "Sockets"));
    Instance instance = web();
    instance.sockets = {"0.0.0.0:443", "[::]:80"};
    const auto text = property_list_of(instance);
    CHECK(has(text, "<key>Listener0</key>\n\t\t<dict>\n\t\t\t<key>SockNodeName</key>\n\t\t\t<string>0.0.0.0</string>\n"
                    "\t\t\t<key>SockServiceName</key>\n\t\t\t<string>443</string>\n\t\t\t<key>SockFamily</key>\n\t\t\t<string>IPv4</string>"));
    CHECK(has(text, "<key>Listener1</key>\n\t\t<dict>\n\t\t\t<key>SockNodeName</key>\n\t\t\t<string>::</string>\n"
                    "\t\t\t<key>SockServiceName</key>\n\t\t\t<string>80</string>\n\t\t\t<key>SockFamily</key>\n\t\t\t<string>IPv6</string>"));
}

TEST_CASE("A launchd job refuses a socket that is no address with a port", "[service][macos]") {
    const std::string text = GENERATE("443", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536", "0.0.0.0:http", "::1:80", "[::1:80",
                                      "localhost:80", "[127.0.0.1]:80", "", ":80", "[]:80");
    Instance instance = web();
    instance.sockets = {text};
    const auto list = property_list_of(instance);
    REQUIRE_FALSE(list);
    CHECK(list.error().context().find("\"" + text + "\" is no socket") != std::string::npos);
}

TEST_CASE("A launchd job refuses paths that launchd could not follow", "[service][macos]") {
    Instance instance = web();
    instance.config = GENERATE("sluice.json", "", "/a\nb", "/a\xff");
    CHECK_FALSE(property_list_of(instance));
}
