#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

// Files that only their user may read, such as the admin token. Paths are UTF-8.

/// Writes the file in one step, in the place of a file or a link that is there; its folder is made when it is missing, for
/// its user alone. No link is followed, in whatever folder an attacker may write to.
/// POSIX: mode 0600; the folder must be the user's own or root's, and not writable by others. Windows: the folder's own
/// protection is what counts, so it must be inside the user's profile.
///
/// Failure:   code System; the context names the path and what may be done.
[[nodiscard]] Result<void> write_private_file(const std::string& path, std::string_view content);

/// Reads a file of up to 64 KiB that is no link.
[[nodiscard]] Result<std::string> read_private_file(const std::string& path);

/// Removes it; one that is not there is none to remove.
void remove_private_file(const std::string& path);

}  // namespace sluice::platform
