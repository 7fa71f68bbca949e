#include "grpc/status.hpp"

#include <array>
#include <cstddef>

#include "base/text.hpp"

namespace sluice::grpc {
namespace {

struct Words {
    std::string_view name;
    std::string_view number;
};

constexpr std::array<Words, 17> table = {{
    {"OK", "0"},
    {"CANCELLED", "1"},
    {"UNKNOWN", "2"},
    {"INVALID_ARGUMENT", "3"},
    {"DEADLINE_EXCEEDED", "4"},
    {"NOT_FOUND", "5"},
    {"ALREADY_EXISTS", "6"},
    {"PERMISSION_DENIED", "7"},
    {"RESOURCE_EXHAUSTED", "8"},
    {"FAILED_PRECONDITION", "9"},
    {"ABORTED", "10"},
    {"OUT_OF_RANGE", "11"},
    {"UNIMPLEMENTED", "12"},
    {"INTERNAL", "13"},
    {"UNAVAILABLE", "14"},
    {"DATA_LOSS", "15"},
    {"UNAUTHENTICATED", "16"},
}};

const Words& words_of(Status status) { return table[static_cast<std::size_t>(status)]; }

}  // namespace

std::string_view name_of(Status status) { return words_of(status).name; }
std::string_view number_of(Status status) { return words_of(status).number; }

std::optional<Status> parse_status(std::string_view number) {
    const std::optional<std::uint64_t> value = parse_decimal(number);
    if (!value || *value >= table.size()) return std::nullopt;
    return static_cast<Status>(*value);
}

Status status_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::HeadTimeout:
        case ErrorCode::BodyTimeout:
        case ErrorCode::ResponseTimeout:
        case ErrorCode::TimedOut: return Status::DeadlineExceeded;
        case ErrorCode::NoEndpoint:
        case ErrorCode::NoConnection:
        case ErrorCode::BreakerOpen:
        case ErrorCode::ConnectRefused:
        case ErrorCode::ConnectTimeout:
        case ErrorCode::TlsRefused:
        case ErrorCode::UpstreamClosed:
        case ErrorCode::Draining: return Status::Unavailable;
        case ErrorCode::TargetTooLong:
        case ErrorCode::HeadersTooLarge:
        case ErrorCode::BodyTooLarge:
        case ErrorCode::TooManyConnections:
        case ErrorCode::TooManyFrames: return Status::ResourceExhausted;
        // There is no such method, or none that is called in this way.
        case ErrorCode::NoRoute:
        case ErrorCode::MethodNotAllowed:
        case ErrorCode::VersionNotSupported:
        case ErrorCode::NotImplemented: return Status::Unimplemented;
        case ErrorCode::ClientClosed:
        case ErrorCode::Cancelled: return Status::Cancelled;
        case ErrorCode::Closed: return error.side == Side::Client ? Status::Cancelled : Status::Unavailable;
        // Clients of gRPC say Internal as well when frames or fields are wrong.
        case ErrorCode::BadRequest:
        case ErrorCode::BadFraming:
        case ErrorCode::BadPath:
        case ErrorCode::BadHost:
        case ErrorCode::ExpectationFailed:
        case ErrorCode::BadResponse:
        case ErrorCode::ConfigInvalid:
        case ErrorCode::System:
        case ErrorCode::Internal: break;
    }
    return Status::Internal;
}

Status status_of_http(std::uint16_t http_status) {
    switch (http_status) {
        case 400: return Status::Internal;
        case 401: return Status::Unauthenticated;
        case 403: return Status::PermissionDenied;
        case 404: return Status::Unimplemented;
        case 429:
        case 502:
        case 503:
        case 504: return Status::Unavailable;
        default: return Status::Unknown;
    }
}

}  // namespace sluice::grpc
