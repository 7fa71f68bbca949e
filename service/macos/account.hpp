#pragma once

#include <vector>

#include "service/steps.hpp"

namespace sluice::service {

/// What makes the user and group that jobs run as, with dscl(1); nothing when they are there.
///
/// Failure:   no number for them is free.
[[nodiscard]] Result<std::vector<Step>> steps_to_make_account();

}  // namespace sluice::service
