#pragma once

namespace sluice::platform {

/// What the system calls when the console reports an event (CTRL_C_EVENT and so on), on a thread
/// that the system makes for it. Yields whether it was taken.
[[nodiscard]] bool handle_console_event(unsigned long event);

}  // namespace sluice::platform
