#include "proxy/health_verdict.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

namespace sluice::proxy {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view serving = "\0\0\0\0\2\x08\1"sv;

config::HealthCheck grpc_check() {
    config::HealthCheck settings;
    settings.type = config::HealthCheck::Type::Grpc;
    return settings;
}

HealthAnswer answer(std::uint16_t status, std::string_view body, std::string_view trailers) {
    HealthAnswer made{.head = {}, .body = std::string(body), .trailers = std::string(trailers)};
    made.head.status = status;
    return made;
}

TEST_CASE("A check by HTTP says what is wrong with the answer", "[proxy]") {
    config::HealthCheck settings;
    settings.body = "ready";
    CHECK(flaw_of(settings, answer(200, "I am ready", "")).empty());
    CHECK(flaw_of(settings, answer(503, "I am ready", "")) == "status 503");
    CHECK(flaw_of(settings, answer(200, "not yet", "")) == "the body lacks the expected text");
}

TEST_CASE("A check by gRPC goes by status, trailers and message, row by row", "[proxy]") {
    struct Row {
        std::uint16_t status;
        std::string_view body;
        std::string_view trailers;
        std::string_view flaw;
    };
    const Row row = GENERATE(values<Row>({
        {200, serving, "grpc-status: 0\r\n", ""},
        {200, serving, "x-a: grpc-status: 5\r\nGrpc-Status:0 \r\ngrpc-message: \r\n", ""},
        {200, "\0\0\0\0\2\x08\2"sv, "grpc-status: 0\r\n", "NOT_SERVING"},
        {200, "\0\0\0\0\2\x08\3"sv, "grpc-status: 0\r\n", "SERVICE_UNKNOWN"},
        {200, "\0\0\0\0\0"sv, "grpc-status: 0\r\n", "UNKNOWN"},
        {200, "", "grpc-status: 5\r\ngrpc-message: no %22x%22\r\n", "grpc-status 5 NOT_FOUND: no \"x\""},
        {200, serving, "grpc-status: 14\r\n", "grpc-status 14 UNAVAILABLE"},
        {200, serving, "grpc-status: 99\r\n", "grpc-status 99"},
        {200, serving, "grpc-status: \r\n", "grpc-status "},
        {200, serving, "", "an answer without grpc-status, so it is not of gRPC"},
        {200, serving, "no colon", "an answer without grpc-status, so it is not of gRPC"},
        {404, serving, "grpc-status: 0\r\n", "status 404"},
        {204, serving, "grpc-status: 0\r\n", "status 204"},
    }));
    CHECK(flaw_of(grpc_check(), answer(row.status, row.body, row.trailers)) == row.flaw);
}

TEST_CASE("A call without a message, or with a broken one, says so", "[proxy]") {
    CHECK(flaw_of(grpc_check(), answer(200, "", "grpc-status: 0\r\n")).starts_with("the health check's response"));
    CHECK(flaw_of(grpc_check(), answer(200, serving.substr(0, 4), "grpc-status: 0\r\n")).starts_with("the health check's response"));
}

TEST_CASE("A response that is its head alone has the status of gRPC there", "[proxy]") {
    HealthAnswer made = answer(200, "", "");
    made.head.fields = {{"Grpc-Status", "7"}, {"grpc-message", "go away"}};
    CHECK(flaw_of(grpc_check(), made) == "grpc-status 7 PERMISSION_DENIED: go away");
}

TEST_CASE("What an endpoint says of its failure is short and can't harm a terminal", "[proxy]") {
    CHECK(flaw_of(grpc_check(), answer(200, "", "grpc-status: 13\r\ngrpc-message: a%1B[31m%0A\r\n")) == "grpc-status 13 INTERNAL: a\\x1b[31m\\x0a");
    CHECK(flaw_of(grpc_check(), answer(200, "", "grpc-status: 13\r\ngrpc-message: " + std::string(5000, 'x') + "\r\n")).size() < 300);
}

}  // namespace
}  // namespace sluice::proxy
