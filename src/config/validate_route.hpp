#pragma once

#include <string>
#include <vector>

#include "config/validate.hpp"

namespace sluice::config {

/// Checks a route by itself; names of other things are checked by `validate`.
void validate_route(const Route& route, const std::string& pointer, std::vector<Finding>& findings);

/// Checks an answer of the gateway's own.
void validate_respond(const Respond& respond, const std::string& pointer, std::vector<Finding>& findings);

}  // namespace sluice::config
