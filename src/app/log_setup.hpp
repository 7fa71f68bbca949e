#pragma once

#include "base/log.hpp"
#include "config/model.hpp"

namespace sluice::app {

/// The log to standard error: for people on a terminal, coloured where it can be; JSON lines otherwise, unless the
/// configuration says which.
[[nodiscard]] Log make_log(const config::LogSettings& settings);

}  // namespace sluice::app
