#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/diff.hpp"
#include "proxy/usage.hpp"

namespace sluice::app {

/// What a reload changes, a line each, with what goes on there: "route order removed (touches 3 requests, 2 upgraded
/// connections)". `listeners` tells what listeners are called.
[[nodiscard]] std::vector<std::string> describe_changes(const std::vector<config::Change>& changes, const proxy::Usage& usage,
                                                        const std::map<std::string, proxy::ListenerId>& listeners);

}  // namespace sluice::app
