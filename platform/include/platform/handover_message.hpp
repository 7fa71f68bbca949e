#pragma once

#include <string>
#include <vector>

#include "platform/socket.hpp"

namespace sluice::platform {

/// What one process tells another on its way to take over: text, and sockets that both have from then on.
struct HandoverMessage {
    std::string text;
    /// Non-blocking and not inherited by child processes.
    std::vector<OwnedSocket> sockets;
};

}  // namespace sluice::platform
