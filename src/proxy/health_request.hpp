#pragma once

#include <string>

#include "base/result.hpp"
#include "config/cluster.hpp"
#include "net/task.hpp"
#include "proxy/upstream_link.hpp"
#include "upstream/endpoint_state.hpp"

namespace sluice::proxy {

/// Asks an endpoint over `link` as its cluster's health check wants it, and judges the answer: "" when it is well, else what is wrong.
///
/// Lifetime: all that is referred to outlives the task; the caller gives the link back.
/// Failure:  of the link, also TimedOut when no head has come by the deadline; the body's end is the caller's to limit. BadResponse for an answer
///           that is not HTTP, or too large. reason_of says it in words.
[[nodiscard]] net::Task<Result<std::string>> ask_health(UpstreamLink& link, const config::HealthCheck& settings, const upstream::EndpointPlace& place,
                                                        TimePoint deadline);

/// A failed check's error for an operator.
[[nodiscard]] std::string reason_of(const Error& error);

}  // namespace sluice::proxy
