#include "unit/platform/signal_sender.hpp"

#include <windows.h>

#include <thread>

#include "windows/console_event.hpp"

namespace sluice::platform {

void send_stop() {
    // GenerateConsoleCtrlEvent needs a console, which a test run has not, and would reach the test
    // runner too: the handler is called as the system calls it, on a thread of its own.
    std::thread([] {
        [[maybe_unused]] const bool taken = handle_console_event(CTRL_C_EVENT);
    }).join();
}

std::string_view stop_name() {
    return "Ctrl-C";
}

bool send_reload() {
    return false;
}

}  // namespace sluice::platform
