#pragma once

#include <string>

#include "config/cluster.hpp"
#include "http/message.hpp"

namespace sluice::proxy {

/// What an endpoint has answered to a health check.
struct HealthAnswer {
    http::ResponseHead head;
    /// As far as it is needed.
    std::string body;
    /// Field lines with CRLF.
    std::string trailers;
};

/// Why the answer is not that of an endpoint that is well, in printable words; "" when it is. Pure.
///
/// With type "grpc" that is status 200, then "grpc-status: 0" in the trailers, or in the head where that is all ("Trailers-Only"), and
/// a message that says SERVING ("GRPC Health Checking Protocol").
[[nodiscard]] std::string flaw_of(const config::HealthCheck& settings, const HealthAnswer& answer);

}  // namespace sluice::proxy
