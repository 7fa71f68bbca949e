#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::grpc {

/// The method that tells whether a server serves ("GRPC Health Checking Protocol", grpc.health.v1), called with POST.
inline constexpr std::string_view health_path = "/grpc.health.v1.Health/Check";

/// HealthCheckResponse.ServingStatus; the numbers are those on the wire.
enum class ServingStatus : std::uint8_t { Unknown = 0, Serving = 1, NotServing = 2, ServiceUnknown = 3 };

/// The name as the protocol writes it: "NOT_SERVING".
[[nodiscard]] std::string_view name_of(ServingStatus status);

/// The body of a request: a HealthCheckRequest for that service ("" asks for the server as a whole) with gRPC's prefix.
[[nodiscard]] std::string health_request(std::string_view service);

/// Reads the whole body of a response: one HealthCheckResponse with gRPC's prefix. Fields of protobuf that are not known here are
/// passed over; a status that has no name here is Unknown.
///
/// Failure: BadResponse with what is wrong. A call that ended with another status than OK has no body, so look at that first.
[[nodiscard]] Result<ServingStatus> parse_health_response(std::string_view body);

}  // namespace sluice::grpc
