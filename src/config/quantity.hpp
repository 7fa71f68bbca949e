#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/problem.hpp"

namespace sluice::config {

/// Reads "500ms", "30s", "2m" or "1h": one whole number and one unit.
[[nodiscard]] std::expected<std::chrono::milliseconds, Complaint> parse_duration(
    std::string_view text);

/// Reads "65536", "512B", "64KiB", "1MiB" or "2GiB".
[[nodiscard]] std::expected<std::uint64_t, Complaint> parse_size(std::string_view text);

/// In the largest unit that shows it without a rest: "2m", "66s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace sluice::config
