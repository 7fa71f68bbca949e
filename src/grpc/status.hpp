#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"

/// What the gateway knows of gRPC and gRPC-Web, without sockets. Calls pass through it as HTTP; this is for what it has to say or
/// translate itself.
namespace sluice::grpc {

/// The field that ends a call, in trailers, or in the head of a response that is nothing else ("Trailers-Only").
inline constexpr std::string_view status_field = "grpc-status";

/// How a call ended ("Status codes and their use in gRPC"); the numbers are those on the wire.
enum class Status : std::uint8_t {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
};

/// The name as the specification writes it: "DEADLINE_EXCEEDED".
[[nodiscard]] std::string_view name_of(Status status);
/// The value of "grpc-status": "4".
[[nodiscard]] std::string_view number_of(Status status);

/// What a value of "grpc-status" says; nullopt when it is none of the 17 numbers, which callers take for Unknown.
[[nodiscard]] std::optional<Status> parse_status(std::string_view number);

/// What a client of gRPC is told of a failure of the gateway. Unavailable says that the same call may be tried again, so it stands
/// for what happened before an upstream could answer.
[[nodiscard]] Status status_of(const Error& error);

/// What a response without "grpc-status" means, from something that does not speak gRPC ("HTTP to gRPC Status Code Mapping").
/// 200 is Unknown as well.
[[nodiscard]] Status status_of_http(std::uint16_t http_status);

}  // namespace sluice::grpc
