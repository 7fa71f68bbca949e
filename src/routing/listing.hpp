#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace sluice::routing {

/// One route as `sluice routes FILE` shows it.
struct ListingRow {
    /// "*" for any.
    std::string host;
    /// "GET, PUT"; "*" for any.
    std::string methods;
    std::string pattern;
    /// "X-Canary: 1, ?debug"; "" for none.
    std::string conditions;
    /// "static", "parameter" or "wildcard": by the least specific segment of the pattern.
    std::string kind;
    /// "forward orders", "respond 200", "redirect 308 /new".
    std::string action;
    std::string name;
};

/// The routes in the order in which the table prefers them. Independent of listeners: every
/// listener serves the same table.
[[nodiscard]] std::vector<ListingRow> list_routes(std::span<const config::Route> routes);

}  // namespace sluice::routing
