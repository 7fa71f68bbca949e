#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice::service {

/// What an account may do in a folder and what is in it.
enum class FolderRight { Read, Change };

/// Makes the folder when it is missing, for the system and administrators alone. In %ProgramData% every user may make files
/// otherwise. One that is there and closed keeps the rights that were added; another one, with all that is in it, gets
/// these rights and the administrators as its owner. Failure: a link is in its place.
[[nodiscard]] Result<void> make_closed_folder(const std::string& path);

/// Adds the account to those who have rights in the folder. SetEntriesInAclW.
[[nodiscard]] Result<void> grant(const std::string& path, const std::string& account, FolderRight right);

/// Writes the file if there is none; one that is there stays.
[[nodiscard]] Result<void> write_missing_file(const std::string& path, const std::string& content);

}  // namespace sluice::service
