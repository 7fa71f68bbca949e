#pragma once

#include <string>

namespace sluice::platform {

/// Whether every user of the machine may read the file.
/// POSIX: the right of "others". Windows: never said, since there the rights are lists that are inherited.
///
/// Failure:   false when the file can't be looked at.
[[nodiscard]] bool is_readable_by_all(const std::string& path);

/// Whether the file belongs to the user whose rights this process has. POSIX: the effective user. Windows: never denied.
///
/// Failure:   false when the file can't be looked at.
[[nodiscard]] bool is_own_file(const std::string& path);

}  // namespace sluice::platform
