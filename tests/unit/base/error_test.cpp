#include "base/error.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "base/result.hpp"

using namespace sluice;

TEST_CASE("Every error code has a name of its own in snake case", "[base]") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(ErrorCode::Internal); ++i) {
        const std::string_view name = name_of(static_cast<ErrorCode>(i));
        CHECK_FALSE(name.empty());
        CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
        CHECK(names.insert(name).second);
    }
}

TEST_CASE("An error code keeps its name", "[base]") {
    const auto [code, name] = GENERATE(table<ErrorCode, std::string>({
        {ErrorCode::BadRequest, "bad_request"},
        {ErrorCode::VersionNotSupported, "version_not_supported"},
        {ErrorCode::NoRoute, "no_route"},
        {ErrorCode::TooManyConnections, "too_many_connections"},
        {ErrorCode::TooManyFrames, "too_many_frames"},
        {ErrorCode::NoEndpoint, "no_endpoint"},
        {ErrorCode::ConnectRefused, "connect_refused"},
        {ErrorCode::UpstreamClosed, "upstream_closed"},
        {ErrorCode::ConfigInvalid, "config_invalid"},
        {ErrorCode::Cancelled, "cancelled"},
        {ErrorCode::Draining, "draining"},
        {ErrorCode::Internal, "internal"},
    }));
    CHECK(name_of(code) == name);
}

TEST_CASE("A side has the name that logs use", "[base]") {
    CHECK(name_of(Side::Client) == "client");
    CHECK(name_of(Side::Upstream) == "upstream");
    CHECK(name_of(Side::Internal) == "internal");
}

TEST_CASE("An error is described in one line: side, code, context, cause", "[base]") {
    CHECK(describe(client_error(ErrorCode::BadPath, "")) == "client bad_path");
    CHECK(describe(client_error(ErrorCode::BadPath, "a NUL")) == "client bad_path: a NUL");
    const auto cause = std::make_error_code(std::errc::connection_refused);
    CHECK(
        describe(upstream_error(ErrorCode::ConnectRefused, "dialing x:80", Retry::Always, cause)) ==
        "upstream connect_refused: dialing x:80 (" + cause.message() + ")");
    CHECK(system_error("bind", cause).side == Side::Internal);
}

TEST_CASE("A result carries a value or the error", "[base]") {
    const Result<int> value = 7;
    CHECK(value.value() == 7);
    const Result<int> failure = fail(upstream_error(ErrorCode::BadResponse, "x"));
    REQUIRE_FALSE(failure);
    CHECK(failure.error().retry == Retry::Never);
}

TEST_CASE("An error's words survive copies and moves, and its copies are its own", "[base]") {
    Error error{ErrorCode::System, Side::Internal, Retry::Always, "opening the file", std::make_error_code(std::errc::permission_denied)};
    const Error copy = error;
    error.set_context("something else");
    CHECK(copy.context() == "opening the file");
    CHECK(copy.cause() == std::errc::permission_denied);
    CHECK(error.context() == "something else");
    CHECK(error.cause() == std::errc::permission_denied);
    Error moved = std::move(error);
    CHECK(moved.context() == "something else");
    moved = copy;
    CHECK(moved.context() == "opening the file");
    CHECK(moved.retry == Retry::Always);
}

TEST_CASE("An error without words has an empty context and no cause", "[base]") {
    const Error error{ErrorCode::Closed, Side::Client, Retry::Never};
    CHECK(error.context().empty());
    CHECK_FALSE(error.cause());
    CHECK(describe(error) == "client closed");
}
