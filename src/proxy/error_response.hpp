#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace sluice::proxy {

/// The status that a failure gives the client: the only table from ErrorCode to HTTP.
[[nodiscard]] std::uint16_t status_of(const Error& error);

/// What a client may know of a failure: its own in words, of others only what kind it is.
[[nodiscard]] std::string_view reason_for_client(const Error& error);

/// The body of an error response, text/plain: status, what was wrong, and the request id that is in the log. Details of
/// upstreams (addresses, system messages) stay in the log.
[[nodiscard]] std::string error_body(std::uint16_t status, const Error& error,
                                     std::string_view request_id);

}  // namespace sluice::proxy
