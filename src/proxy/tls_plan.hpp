#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "config/model.hpp"
#include "tls/client_context.hpp"
#include "tls/server_context.hpp"

namespace sluice::proxy {

/// The settings of a listener with what its files hold.
[[nodiscard]] tls::ServerSettings server_settings(const config::Config& config, const config::ListenerTls& listener);

/// The same of a cluster that has them, as a client of its upstreams.
[[nodiscard]] tls::ClientSettings client_settings(const config::Config& config, const config::Cluster& cluster);

/// What the file of that path holds; "" for no path.
[[nodiscard]] const std::string& tls_file(const config::Config& config, const std::string& path);

/// What a listener is known by from one configuration to the next: its address, and its name where any port will do.
[[nodiscard]] std::string listener_key(const config::Listener& listener);

}  // namespace sluice::proxy
