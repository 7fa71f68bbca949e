#pragma once

#include <filesystem>
#include <string>

namespace sluice::telemetry {

/// The path that a configuration's UTF-8 names, on every system.
[[nodiscard]] inline std::filesystem::path path_of(const std::string& text) { return {std::u8string(text.begin(), text.end())}; }

}  // namespace sluice::telemetry
