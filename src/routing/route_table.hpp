#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "http/message.hpp"
#include "routing/conflict.hpp"
#include "routing/params.hpp"

namespace sluice::routing {

/// What of a request decides about its route.
struct RequestKey {
    http::Method method = http::Method::Get;
    /// As sent; looked at only when `method` is Other.
    std::string_view method_name;
    /// Without port, in any case, a trailing dot allowed; "" when there is none.
    std::string_view host;
    /// The normal form that normalise_path gives.
    std::string_view path;
    /// Without '?'.
    std::string_view query;
    /// May be null: then no header condition holds.
    const http::Fields* fields = nullptr;
};

enum class Outcome : std::uint8_t { Found, NotFound, MethodNotAllowed };

/// Lifetime: `params` points into the path that was matched, all else into the table or its
/// configuration.
struct Match {
    const config::Route* route = nullptr;
    /// The route's place in the configuration's list.
    std::uint32_t route_index = 0;
    Params params;
    /// After MethodNotAllowed only: the value of Allow (RFC 9110, 10.2.1), "GET, HEAD, PUT".
    std::string_view allow;

    /// As it is written in the configuration: "/orders/:id". Only when a route is found.
    [[nodiscard]] std::string_view pattern() const noexcept { return route->match.path; }
};

struct CompiledTable;

/// All routes, compiled once for matching: per host a hash map of the static paths and a radix tree
/// of the patterns with parameters.
///
/// - Host: the exact name's routes first, then "*.suffix" (any name below it) from the longest
/// suffix
///   to the shortest, then the routes without host. What finds nothing in one of these goes on to
///   the next.
/// - Path: segment by segment static text > ":name" (one segment that is not empty) > "*name" (all
/// the
///   rest without its leading slash; may be empty), with backtracking. "/files/*rest" matches
///   "/files/" and what is below, not "/files", which is another resource; "/*rest" matches all.
/// - On one host and pattern: most conditions first, then most conditions with a value, then routes
///   that name the method before those for any. A condition looks at the first field or query
///   parameter of its name. Two routes still equal that can answer one request are a conflict.
/// - A route for GET answers HEAD too, unless a HEAD route without conditions stands beside it.
/// - A route whose method or conditions do not hold is passed over, also in favour of a less
/// specific
///   pattern or host. MethodNotAllowed comes only when no route is left, some pattern matched the
///   path, and none of the routes on these patterns is for the method; `allow` has the methods of
///   all of them.
///
/// Threading: immutable, shared by all workers.
/// Lifetime:  the routes given to build must outlive the table and stay where they are.
/// Failure:   build reports every conflict at once; match can't fail, allocates nothing and takes
/// time
///            bounded by the size of the path and of the table.
class RouteTable {
public:
    [[nodiscard]] static std::expected<RouteTable, std::vector<Conflict>> build(
        std::span<const config::Route> routes);

    RouteTable(RouteTable&&) noexcept;
    RouteTable& operator=(RouteTable&&) noexcept;
    ~RouteTable();

    /// Writes route, route_index and params of `out` when a route is found, `allow` when not
    /// for this method; everything else in `out` is then unspecified.
    [[nodiscard]] Outcome match(const RequestKey& key, Match& out) const noexcept;

    [[nodiscard]] std::span<const config::Route> routes() const noexcept;

private:
    explicit RouteTable(std::unique_ptr<const CompiledTable> compiled);
    std::unique_ptr<const CompiledTable> compiled_;
};

}  // namespace sluice::routing
