#pragma once

#include "app/exit_code.hpp"
#include "service/steps.hpp"

namespace sluice::app {

/// `sluice service VERB`: carries the steps out, or prints them. Without a configuration the instance gets the usual file,
/// or, when it has a name of its own, the one of that name beside it.
[[nodiscard]] ExitCode command_service(service::Verb verb, service::Instance instance, bool is_dry_run);

}  // namespace sluice::app
