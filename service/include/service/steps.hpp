#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace sluice::service {

enum class Verb : std::uint8_t { Install, Uninstall, Start, Stop, Restart, Reload, Status, Logs };

/// One service; a machine can have several, told apart by their names.
struct Instance {
    /// Letters, digits, '-' and '_'.
    std::string name = "sluice";
    /// The program that the service runs, in full.
    std::string binary;
    /// Its configuration file, in full.
    std::string config;
    /// Addresses such as "0.0.0.0:443" and "[::]:443" that the service manager is to bind for it: launchd, where low ports
    /// need root and the service has none. Install alone; the other systems do without.
    std::vector<std::string> sockets = {};
};

/// A part of what a verb does.
struct Step {
    /// As --dry-run prints it: the command line, or the file with its text, or what the system is told.
    std::string text;
    std::function<Result<void>()> carry_out;
};

/// What the verb does on this system, in order. Nothing has happened yet.
///
/// Failure: the system has no service manager that we know, or the instance is not fit for it.
[[nodiscard]] Result<std::vector<Step>> steps_of(Verb verb, const Instance& instance);

/// Whether the caller may do it; if not, the message says who may and how.
[[nodiscard]] Result<void> check_rights(Verb verb);

}  // namespace sluice::service
