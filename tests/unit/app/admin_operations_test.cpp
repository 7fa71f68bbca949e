#include "app/admin_operations.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "app/admin_json.hpp"
#include "base/text.hpp"

using namespace sluice;
using http::Method;
using nlohmann::json;

TEST_CASE("Every operation stands in the OpenAPI document, and nothing else does", "[app]") {
    const json document = json::parse(app::openapi_document());
    std::set<std::string> described;
    for (const auto& [path, methods] : document["paths"].items()) {
        for (const auto& [method, operation] : methods.items()) described.insert(method + " " + path);
    }
    std::set<std::string> served;
    for (const app::AdminOperation& operation : app::admin_operations()) {
        served.insert(to_lower(app::method_text(operation.method)) + " " + std::string(operation.path));
    }
    CHECK(served == described);
}

TEST_CASE("An operation is found by method and path, and its parameters are decoded", "[app]") {
    const app::AdminMatch found =
        app::find_admin_operation(Method::Patch, "/v1/clusters/my%20api/endpoints/unix%3A%2Frun%2Fapi.sock");
    REQUIRE(found.operation != nullptr);
    CHECK(found.parameters == std::vector<std::string>{"my api", "unix:/run/api.sock"});
    CHECK(app::find_admin_operation(Method::Head, "/status").operation != nullptr);
}

TEST_CASE("A path that is served with other methods tells them; one that is not, nothing", "[app]") {
    const app::AdminMatch other = app::find_admin_operation(Method::Get, "/v1/reload");
    CHECK(other.operation == nullptr);
    CHECK(other.allow == "POST");
    CHECK(app::find_admin_operation(Method::Post, "/status").allow == "GET, HEAD");
    for (const char* const path : {"", "/v1", "/v1/", "/v1/reload/", "/v1//reload", "/v1/clusters//breaker", "/v1/clusters/%zz/breaker",
                                   "/v1/clusters/%2/breaker", "status"}) {
        INFO(path);
        const app::AdminMatch none = app::find_admin_operation(Method::Get, path);
        CHECK(none.operation == nullptr);
        CHECK(none.allow.empty());
    }
}

TEST_CASE("Arguments of a body are taken by name and kind, row by row", "[app]") {
    struct Row {
        const char* body;
        bool is_good;
    };
    const auto row = GENERATE(values<Row>({
        {"", true},
        {"{}", true},
        {R"({"drain": true, "weight": 5, "health": "up"})", true},
        {R"({"drain": null, "weight": null, "health": null})", true},
        {R"({"drain": 1})", false},
        {R"({"weight": -1})", false},
        {R"({"weight": 1.5})", false},
        {R"({"weight": 101})", false},
        {R"({"weight": 18446744073709551616})", false},
        {R"({"health": "Up"})", false},
        {R"({"other": 1})", false},
        {"[]", false},
        {"null", false},
        {"{", false},
        {"\xff", false},
    }));
    INFO(row.body);
    app::JsonArguments arguments(row.body, {"drain", "weight", "health"});
    static_cast<void>(arguments.flag("drain"));
    static_cast<void>(arguments.number("weight", 100));
    static_cast<void>(arguments.choice("health", {"up", "down"}));
    const auto refusal = arguments.refusal();
    CHECK(refusal.has_value() == !row.is_good);
    if (refusal) CHECK(json::parse(refusal->body)["error"]["code"] == "body_invalid");
}

TEST_CASE("Null and absent arguments are told apart", "[app]") {
    const app::JsonArguments arguments(R"({"drain": null})", {"drain", "weight"});
    CHECK(arguments.has("drain"));
    CHECK(arguments.is_null("drain"));
    CHECK_FALSE(arguments.has("weight"));
    CHECK_FALSE(arguments.is_null("weight"));
}
