#pragma once

#include <vector>

#include "config/model.hpp"
#include "config/validate.hpp"

namespace sluice::config {

/// Settings of a valid configuration that are risky: what an operator would want to be asked about, and never a
/// default that is fine.
[[nodiscard]] std::vector<Finding> find_warnings(const Config& config);

}  // namespace sluice::config
