#include "unit/platform/signal_sender.hpp"

#include <csignal>

namespace sluice::platform {

void send_stop() {
    std::raise(SIGTERM);
}

std::string_view stop_name() {
    return "SIGTERM";
}

bool send_reload() {
    return std::raise(SIGHUP) == 0;
}

}  // namespace sluice::platform
