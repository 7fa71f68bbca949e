#pragma once

#include <vector>

#include "config/model.hpp"
#include "config/validate.hpp"

namespace sluice::app {

/// Looks at the certificates, keys and authorities that a configuration names: what a handshake would fail of is found,
/// what it will fail of soon is a warning.
void check_tls(const config::Config& config, std::vector<config::Finding>& findings, std::vector<config::Finding>& warnings);

}  // namespace sluice::app
