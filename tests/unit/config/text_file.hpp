#pragma once

#include <filesystem>
#include <string>

namespace sluice::test {

/// The file's text with LF line ends; "" when there is none.
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

/// Compares a file of the repository with what it should hold. With SLUICE_UPDATE=1 in the
/// environment the file is written first, for the author to look at the difference.
[[nodiscard]] bool is_current(const std::filesystem::path& path, const std::string& expected);

/// A file of the repository.
[[nodiscard]] std::filesystem::path source_path(const std::string& relative);

}  // namespace sluice::test
