#include "platform/poller.hpp"

#include <asio/detail/config.hpp>

#if !defined(ASIO_HAS_EPOLL)
#error "Asio did not choose epoll on Linux"
#endif

namespace sluice::platform {

std::string_view poller_name() {
    return "epoll";
}

bool poller_misses_close() { return false; }

}  // namespace sluice::platform
