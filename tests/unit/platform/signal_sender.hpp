#pragma once

#include <string_view>

namespace sluice::platform {

/// Asks this process to stop as an operator would.
void send_stop();

/// The name under which that is reported.
[[nodiscard]] std::string_view stop_name();

/// Asks this process to read its configuration again; false where the system has no such signal.
[[nodiscard]] bool send_reload();

}  // namespace sluice::platform
