#pragma once

#include <string>
#include <vector>

#include "config/validate.hpp"

namespace sluice::config {

/// Checks a cluster by itself.
void validate_cluster(const Cluster& cluster, const std::string& pointer, std::vector<Finding>& findings);

}  // namespace sluice::config
