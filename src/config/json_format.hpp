#pragma once

#include <string>

#include "config/json_tree.hpp"

namespace sluice::config {

/// On one line: {"name": "web", "methods": ["GET"]}.
[[nodiscard]] std::string compact_json(const Node& node);

/// For people: what fits on a line stands on one, all else is indented. Ends with a line end.
[[nodiscard]] std::string format_json(const Node& node);

}  // namespace sluice::config
