#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "routing/route_table.hpp"

/// Steps 4 and 6 of a request (docs/architecture.md), which need no connection: what `sluice explain` tells is what requests
/// meet.
namespace sluice::proxy {

/// Names that every request may use when a path exists for none of them in particular.
inline constexpr std::string_view known_methods = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// What routes compare of "api.example.com:8080" and "[::1]:8080".
[[nodiscard]] std::string_view host_without_port(std::string_view authority);

/// What decides about a request's route, its path in the normal form.
[[nodiscard]] routing::RequestKey request_key(const http::RequestHead& head, std::string_view path);

/// Brings the path into its normal form and finds the route for it. Without a route and without an error the request is
/// "OPTIONS *".
///
/// Lifetime: `path` points into the head or into `scratch`.
/// Failure:  the status is that of the error; for MethodNotAllowed, `match.allow` is the value of Allow.
[[nodiscard]] Result<void> choose_route(const routing::RouteTable& table, const http::RequestHead& head, std::string& scratch,
                                        std::string_view& path, routing::Match& match);

/// Whether a body whose length the head tells is one that the route takes.
[[nodiscard]] Result<void> check_body_limit(const config::Route& route, const http::Framing& framing);

}  // namespace sluice::proxy
