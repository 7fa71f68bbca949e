#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::service {

/// Writes a file that everybody may read and its owner change (0644), in one step: whoever opens it sees the old text or the
/// new one. Its folder is there.
///
/// Failure:   no right to, or no space: the context names the file.
[[nodiscard]] Result<void> write_system_file(const std::string& path, std::string_view text);

/// Removes it; one that is not there is no failure.
[[nodiscard]] Result<void> remove_system_file(const std::string& path);

/// Its text; nullopt when it is not there or can't be read.
[[nodiscard]] std::optional<std::string> read_system_file(const std::string& path);

}  // namespace sluice::service
