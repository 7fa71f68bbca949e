#pragma once

#include <cstdint>
#include <string>

namespace sluice::config {

/// The name of the cluster that stands for the built-in echo upstream.
inline constexpr const char* echo_cluster = "echo";

/// The configuration of `sluice run` without a file: a welcome page, /health, and /echo/* proxied
/// to the built-in echo upstream on this port of 127.0.0.1. Valid, and fit to be copied as a first
/// file.
[[nodiscard]] std::string default_config(std::uint16_t echo_port);

}  // namespace sluice::config
