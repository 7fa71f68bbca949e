#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::service {

/// The source that the entries of every instance have; the registry names its message file (event_source.hpp).
inline constexpr const wchar_t* event_source_name = L"Sluice";

/// Writes an entry to the Event Log: a message of messages.mc (SLUICE_EVENT_...), whose severity is that of the entry, with
/// its texts %1, %2 and so on. ReportEventW.
///
/// Threading: any thread.
/// Failure:   the entry is lost; there is nobody else to tell.
void write_event(std::uint32_t message, const std::vector<std::string>& texts);

}  // namespace sluice::service
