#include <catch2/catch.hpp>

#include "config/embedded.hpp"
#include "config/parse.hpp"

namespace sluice::config {

TEST_CASE("the embedded configuration is valid and proxies to the echo upstream", "[config]") {
    const auto config = parse(default_config(4711), "embedded");
    REQUIRE(config);
    REQUIRE(config->listeners.size() == 1);
    CHECK(config->listeners[0].address.text() == "127.0.0.1:8080");
    CHECK(config->admin.address.text() == "127.0.0.1:9901");
    REQUIRE(config->clusters.size() == 1);
    CHECK(config->clusters[0].name == echo_cluster);
    CHECK(config->clusters[0].endpoints.at(0).address.text() == "127.0.0.1:4711");
}

TEST_CASE("the welcome page says what to try next, with commands that exist", "[config]") {
    const auto config = parse(default_config(1), "embedded");
    REQUIRE(config);
    const auto& welcome = std::get<Respond>(config->routes.at(0).action);
    CHECK(welcome.headers.at(0).value == "text/html; charset=utf-8");
    for (const char* hint :
         {":8080/health", ":8080/echo/hello", ":9901/status", "sluice run -c", "sluice check"}) {
        CAPTURE(hint);
        CHECK(welcome.body.contains(hint));
    }
}

}  // namespace sluice::config
