#pragma once

namespace sluice::service {

/// From here on a crash of the process leaves a minidump in %ProgramData%\Sluice\crashes, of which the last five are kept,
/// and an entry in the Event Log. SetUnhandledExceptionFilter, MiniDumpWriteDump.
void write_crash_dumps();

}  // namespace sluice::service
