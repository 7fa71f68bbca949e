#include "proxy/error_response.hpp"

#include "http/serializer.hpp"

namespace sluice::proxy {
namespace {

/// What a client may know of a failure that was not its own.
std::string_view public_reason(ErrorCode code) {
    switch (code) {
        case ErrorCode::NoEndpoint: return "no endpoint of the upstream is available";
        case ErrorCode::NoConnection: return "the upstream has as many requests as it may have";
        case ErrorCode::BreakerOpen: return "the upstream has failed too often and is left alone for a while";
        case ErrorCode::ConnectRefused: return "the upstream refused the connection";
        case ErrorCode::ConnectTimeout: return "the upstream did not accept the connection in time";
        case ErrorCode::TlsRefused: return "no secure connection to the upstream could be made";
        case ErrorCode::ResponseTimeout: return "the upstream did not answer in time";
        case ErrorCode::BadResponse: return "the upstream sent a malformed response";
        case ErrorCode::UpstreamClosed: return "the upstream closed the connection before it answered";
        case ErrorCode::Draining: return "the gateway is shutting down";
        default: return "the gateway failed";
    }
}

}  // namespace

std::uint16_t status_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::BadRequest:
        case ErrorCode::BadFraming:
        case ErrorCode::BadPath:
        case ErrorCode::BadHost:
        case ErrorCode::TooManyFrames: return 400;
        case ErrorCode::NoRoute: return 404;
        case ErrorCode::MethodNotAllowed: return 405;
        case ErrorCode::HeadTimeout:
        case ErrorCode::BodyTimeout: return 408;
        case ErrorCode::BodyTooLarge: return 413;
        case ErrorCode::TargetTooLong: return 414;
        case ErrorCode::ExpectationFailed: return 417;
        case ErrorCode::HeadersTooLarge: return 431;
        case ErrorCode::ClientClosed: return 499;
        case ErrorCode::NotImplemented: return 501;
        case ErrorCode::ConnectRefused:
        case ErrorCode::TlsRefused:
        case ErrorCode::BadResponse:
        case ErrorCode::UpstreamClosed: return 502;
        case ErrorCode::TooManyConnections:
        case ErrorCode::NoEndpoint:
        case ErrorCode::NoConnection:
        case ErrorCode::BreakerOpen:
        case ErrorCode::Draining: return 503;
        case ErrorCode::ConnectTimeout:
        case ErrorCode::ResponseTimeout: return 504;
        case ErrorCode::VersionNotSupported: return 505;
        case ErrorCode::ConfigInvalid:
        case ErrorCode::System:
        case ErrorCode::Closed:
        case ErrorCode::Cancelled:
        case ErrorCode::TimedOut:
        case ErrorCode::Internal: break;
    }
    return 500;
}

std::string_view reason_for_client(const Error& error) {
    return error.side == Side::Client ? std::string_view(error.context()) : public_reason(error.code);
}

std::string error_body(std::uint16_t status, const Error& error, std::string_view request_id) {
    std::string body = std::to_string(status);
    body.append(" ").append(http::reason_phrase(status)).append("\n");
    const std::string_view reason = reason_for_client(error);
    if (!reason.empty()) body.append(reason).append("\n");
    if (!request_id.empty()) body.append("request id: ").append(request_id).append("\n");
    return body;
}

}  // namespace sluice::proxy
