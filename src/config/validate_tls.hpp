#pragma once

#include <string>
#include <vector>

#include "config/validate.hpp"

namespace sluice::config {

/// Checks the TLS of a listener and of a cluster, but for what their files hold.
void validate_listener_tls(const ListenerTls& tls, const std::string& pointer, std::vector<Finding>& findings);
void validate_cluster_tls(const ClusterTls& tls, const std::string& pointer, std::vector<Finding>& findings);

}  // namespace sluice::config
