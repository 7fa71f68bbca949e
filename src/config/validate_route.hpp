#pragma once

#include <vector>

#include "config/pointer.hpp"
#include "config/validate.hpp"

namespace sluice::config {

/// Checks a route by itself; names of other things are checked by `validate`.
void validate_route(const Route& route, const Pointer& pointer, std::vector<Finding>& findings);

/// Checks an answer of the gateway's own.
void validate_respond(const Respond& respond, const Pointer& pointer, std::vector<Finding>& findings);

}  // namespace sluice::config
