#pragma once

#include <string>

namespace sluice::service {

/// From here on a crash of the process leaves a minidump in %ProgramData%\Sluice\crashes, of which the last five are kept,
/// and an entry in the Event Log, which names the service. SetUnhandledExceptionFilter, MiniDumpWriteDump.
void write_crash_dumps(std::string service);

}  // namespace sluice::service
