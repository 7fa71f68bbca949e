#include "platform/poller.hpp"

#include <asio/detail/config.hpp>

#if !defined(ASIO_HAS_IOCP)
#error "Asio did not choose I/O completion ports on Windows"
#endif

namespace sluice::platform {

std::string_view poller_name() {
    return "iocp";
}

bool poller_misses_close() { return false; }

}  // namespace sluice::platform
