#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice::service {

/// Where the Event Log looks for what it must know of our source.
inline constexpr const char* event_source_key = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Sluice";

/// Names this program as the message file of the source. All instances share it.
[[nodiscard]] Result<void> add_event_source(const std::string& binary);

/// Entries that are there are no longer shown as sentences then.
[[nodiscard]] Result<void> remove_event_source();

}  // namespace sluice::service
