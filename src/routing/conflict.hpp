#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "config/model.hpp"

namespace sluice::routing {

/// A route as a message names it.
struct RouteReference {
    std::uint32_t index = 0;
    std::string name;
    config::Position position;
};

/// Why no table can be built: two routes that could both answer one request, or one route that
/// can't stand as it is (then `second` is empty).
struct Conflict {
    RouteReference first;
    std::optional<RouteReference> second;
    /// One sentence: what is wrong and what would be right.
    std::string reason;
};

[[nodiscard]] RouteReference reference_to(const config::Route& route, std::uint32_t index);

/// One line that names the routes and their positions, for `sluice check` and the log:
/// `route "a" (line 3) and route "b" (line 9): both answer GET /x on any host; ...`.
/// Where there are several files (Config::files), each position has its own.
[[nodiscard]] std::string describe(const Conflict& conflict, std::span<const std::string> files = {});

}  // namespace sluice::routing
