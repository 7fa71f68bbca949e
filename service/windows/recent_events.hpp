#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace sluice::service {

/// The latest entries of our source in the Event Log, the oldest first, a line each: time, severity, sentence.
/// OpenEventLogW, ReadEventLogW. Wine keeps no entries.
[[nodiscard]] Result<std::vector<std::string>> recent_events(std::size_t most);

}  // namespace sluice::service
