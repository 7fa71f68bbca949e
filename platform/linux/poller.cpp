#include "platform/poller.hpp"

#include <asio/detail/config.hpp>

#if !defined(ASIO_HAS_EPOLL)
#error "Asio did not choose epoll on Linux"
#endif

namespace sluice::platform {

std::string_view poller_name() {
    return "epoll";
}

}  // namespace sluice::platform
