#include <cstdio>

#include "app/commands.hpp"
#include "app/version.hpp"
#include "platform/poller.hpp"

namespace sluice::app {

ExitCode command_version() {
    const std::string_view poller = platform::poller_name();
    std::printf("sluice %s\npoller %.*s\n", version, static_cast<int>(poller.size()), poller.data());
    return ExitCode::Ok;
}

}  // namespace sluice::app
