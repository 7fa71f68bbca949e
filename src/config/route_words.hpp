#pragma once

#include <string>

#include "config/model.hpp"

/// What a route is, in words.
namespace sluice::config {

/// "GET, PUT api.example.com/orders/:id with header X-Canary: 1".
[[nodiscard]] std::string match_words(const Match& match);

/// "to cluster orders", "responds 200", "redirects 308 to /new".
[[nodiscard]] std::string action_words(const Route& route);

/// The route's name, or its match when it has none.
[[nodiscard]] std::string route_name(const Route& route);

/// Equal for two matches that say the same, whatever the order of their parts.
[[nodiscard]] std::string match_identity(const Match& match);

}  // namespace sluice::config
