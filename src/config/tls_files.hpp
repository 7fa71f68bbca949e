#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "config/sources.hpp"
#include "config/validate.hpp"

namespace sluice::config {

/// Calls a function with each file of TLS that a configuration names: the pointer to the path, the path, and whether it is a
/// private key. Those that are left out are passed over.
using TlsFileCall = std::function<void(const std::string& pointer, const std::string& path, bool is_key)>;
void for_each_tls_file(const Config& config, const TlsFileCall& call);

/// Puts what the files hold into Config::tls_files. Findings tell what can't be read, warnings what others can read.
void read_tls_files(Config& config, Sources& sources, std::vector<Finding>& findings, std::vector<Finding>& warnings);

/// Makes the paths absolute, so that the configuration can be kept elsewhere. What is relative is so to the current folder.
void for_each_tls_path(Config& config, const std::function<void(std::string&)>& change);

}  // namespace sluice::config
