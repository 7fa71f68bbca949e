#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice::service {

/// The commands, for people: netsh is what administrators know.
[[nodiscard]] std::string allow_command(const std::string& name, const std::string& binary);
[[nodiscard]] std::string forbid_command(const std::string& name);

/// Lets this program be reached on private and domain networks, by a rule of this name; one that is there is replaced.
/// A system that refuses is told about on standard error and is no failure: the gateway serves its own machine all the same.
[[nodiscard]] Result<void> allow_in_firewall(const std::string& name, const std::string& binary);
[[nodiscard]] Result<void> forbid_in_firewall(const std::string& name);

}  // namespace sluice::service
