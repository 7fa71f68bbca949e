#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"

namespace sluice::config {

/// Reads "502", "5xx" or "200-299".
[[nodiscard]] std::expected<StatusRange, Complaint> parse_status_range(std::string_view text);

/// "500-599"; "502" for a single one.
[[nodiscard]] std::string format_range(const StatusRange& range);

/// As a list in a file: [502, "500-599"].
[[nodiscard]] std::string format_statuses(const std::vector<StatusRange>& ranges);

}  // namespace sluice::config
