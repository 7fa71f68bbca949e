#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/model.hpp"

/// Routes and request paths as a gateway before many services sees them, the same on every run.
namespace sluice::bench {

/// So many routes of services with resources: lists, searches and exports (static), single objects
/// (one parameter), objects below objects (two), and a catch-all for one in fifty.
[[nodiscard]] std::vector<config::Route> make_api_routes(std::size_t count);

enum class PathKind : std::uint8_t { Static, OneParameter, TwoParameters, NotFound };

/// So many paths of that kind for those routes, shuffled. All are different, except for static ones
/// when there are not so many routes.
[[nodiscard]] std::vector<std::string> make_paths(const std::vector<config::Route>& routes,
                                                  PathKind kind, std::size_t count);

}  // namespace sluice::bench
