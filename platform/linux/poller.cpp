#include "platform/poller.hpp"

namespace sluice::platform {

std::string_view poller_name() {
    return "epoll";
}

bool poller_misses_close() { return false; }

}  // namespace sluice::platform
