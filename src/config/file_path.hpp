#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/sources.hpp"

namespace sluice::config {

/// A path that stands in a configuration file: relative to the folder of that file unless it is absolute
/// ("/...", "C:/...").
[[nodiscard]] std::string resolve_path(std::string_view file, std::string_view path);

/// Whether the path has '*' or '?'.
[[nodiscard]] bool is_glob(std::string_view path);

/// '*' is any number of characters, '?' is one. A name that begins with '.' is matched by a pattern that does, too.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view name);

/// The files that match a path whose names may have wildcards, in the order of their names.
[[nodiscard]] std::vector<std::string> find_files(std::string_view glob, Sources& sources);

}  // namespace sluice::config
