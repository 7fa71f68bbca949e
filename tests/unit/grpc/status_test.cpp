#include "grpc/status.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <tuple>

namespace {

using namespace sluice;
using namespace sluice::grpc;

Error failure(ErrorCode code, Side side = Side::Internal) { return {code, side, Retry::Never, {}, {}}; }

}  // namespace

TEST_CASE("a gRPC status has its number and its name", "[grpc]") {
    for (unsigned number = 0; number <= 16; ++number) {
        const std::string text = std::to_string(number);
        const auto status = parse_status(text);
        REQUIRE(status);
        CHECK(number_of(*status) == text);
        CHECK(static_cast<unsigned>(*status) == number);
        CHECK_FALSE(name_of(*status).empty());
    }
    CHECK(name_of(Status::Ok) == "OK");
    CHECK(name_of(Status::DeadlineExceeded) == "DEADLINE_EXCEEDED");
    CHECK(name_of(Status::Unauthenticated) == "UNAUTHENTICATED");
}

TEST_CASE("what is no number of a gRPC status is none", "[grpc]") {
    const std::string text = GENERATE("", "17", "-1", "1x", " 1", "99999999999999999999999", "OK");
    CAPTURE(text);
    CHECK_FALSE(parse_status(text));
}

TEST_CASE("a failure of the gateway is a gRPC status", "[grpc]") {
    const auto [code, status] = GENERATE(table<ErrorCode, Status>({
        {ErrorCode::BadRequest, Status::Internal},
        {ErrorCode::BadFraming, Status::Internal},
        {ErrorCode::BadPath, Status::Internal},
        {ErrorCode::BadHost, Status::Internal},
        {ErrorCode::TargetTooLong, Status::ResourceExhausted},
        {ErrorCode::HeadersTooLarge, Status::ResourceExhausted},
        {ErrorCode::BodyTooLarge, Status::ResourceExhausted},
        {ErrorCode::VersionNotSupported, Status::Unimplemented},
        {ErrorCode::NotImplemented, Status::Unimplemented},
        {ErrorCode::ExpectationFailed, Status::Internal},
        {ErrorCode::MethodNotAllowed, Status::Unimplemented},
        {ErrorCode::NoRoute, Status::Unimplemented},
        {ErrorCode::HeadTimeout, Status::DeadlineExceeded},
        {ErrorCode::BodyTimeout, Status::DeadlineExceeded},
        {ErrorCode::ClientClosed, Status::Cancelled},
        {ErrorCode::TooManyConnections, Status::ResourceExhausted},
        {ErrorCode::TooManyFrames, Status::ResourceExhausted},
        {ErrorCode::NoEndpoint, Status::Unavailable},
        {ErrorCode::NoConnection, Status::Unavailable},
        {ErrorCode::BreakerOpen, Status::Unavailable},
        {ErrorCode::ConnectRefused, Status::Unavailable},
        {ErrorCode::ConnectTimeout, Status::Unavailable},
        {ErrorCode::TlsRefused, Status::Unavailable},
        {ErrorCode::ResponseTimeout, Status::DeadlineExceeded},
        {ErrorCode::BadResponse, Status::Internal},
        {ErrorCode::UpstreamClosed, Status::Unavailable},
        {ErrorCode::ConfigInvalid, Status::Internal},
        {ErrorCode::System, Status::Internal},
        {ErrorCode::Closed, Status::Unavailable},
        {ErrorCode::Cancelled, Status::Cancelled},
        {ErrorCode::TimedOut, Status::DeadlineExceeded},
        {ErrorCode::Draining, Status::Unavailable},
        {ErrorCode::Internal, Status::Internal},
    }));
    CAPTURE(sluice::name_of(code));
    CHECK(name_of(status_of(failure(code))) == name_of(status));
}

TEST_CASE("a call whose client closed is cancelled", "[grpc]") {
    CHECK(status_of(failure(ErrorCode::Closed, Side::Client)) == Status::Cancelled);
    CHECK(status_of(failure(ErrorCode::Closed, Side::Upstream)) == Status::Unavailable);
}

TEST_CASE("an HTTP status of an upstream that does not speak gRPC is a gRPC status", "[grpc]") {
    const auto [http_status, status] = GENERATE(table<std::uint16_t, Status>({
        {400, Status::Internal},
        {401, Status::Unauthenticated},
        {403, Status::PermissionDenied},
        {404, Status::Unimplemented},
        {429, Status::Unavailable},
        {502, Status::Unavailable},
        {503, Status::Unavailable},
        {504, Status::Unavailable},
        {200, Status::Unknown},
        {301, Status::Unknown},
        {405, Status::Unknown},
        {408, Status::Unknown},
        {500, Status::Unknown},
    }));
    CAPTURE(http_status);
    CHECK(name_of(status_of_http(http_status)) == name_of(status));
}
