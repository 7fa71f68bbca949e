#pragma once

namespace sluice::app {

/// What the process tells its caller; documented in docs/operations.md and in `sluice --help`.
enum class ExitCode : int {
    Ok = 0,
    /// The gateway failed to start or to go on; the last log line says why.
    Failed = 1,
    /// `sluice diff`: the configurations differ.
    Differs = Failed,
    /// The command line was wrong.
    Usage = 2,
    /// The configuration has errors; each was printed.
    ConfigInvalid = 3,
    /// A listening address can't be bound.
    BindFailed = 4,
    /// Stopped, but the drain time ended before all requests did.
    DrainTimedOut = 5,
    /// Stopped at once by a second signal; requests were cut.
    Cut = 6,
    /// `sluice service`: the caller lacks the rights.
    NotPermitted = 7,
};

}  // namespace sluice::app
