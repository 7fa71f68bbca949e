#pragma once

#include <functional>

#include "base/log.hpp"
#include "base/result.hpp"
#include "config/model.hpp"
#include "telemetry/log_file.hpp"

namespace sluice::app {

struct LogSetup {
    Log log;
    /// Opens the log's file again; does nothing for standard error. Any thread.
    std::function<void()> reopen;
};

/// The log to standard error, or to the file that the configuration names; a Windows service, which has no standard error,
/// writes to `NAME.log` in its log folder instead of it. On a terminal lines are for people, coloured where it can be;
/// elsewhere JSON, unless the configuration says which.
///
/// Failure: the file can't be opened.
[[nodiscard]] Result<LogSetup> make_log(const config::LogSettings& settings);

/// What the configuration says of both logs' files.
[[nodiscard]] telemetry::Rotation rotation_of(const config::LogRotation& settings);

}  // namespace sluice::app
