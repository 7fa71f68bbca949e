#include "platform/poller.hpp"

#include <asio/detail/config.hpp>

#if !defined(ASIO_HAS_KQUEUE)
#error "Asio did not choose kqueue on macOS"
#endif

namespace sluice::platform {

std::string_view poller_name() {
    return "kqueue";
}

bool poller_misses_close() { return false; }

}  // namespace sluice::platform
