#include "platform/poller.hpp"

#include <asio/detail/config.hpp>

#if !defined(ASIO_HAS_KQUEUE)
#error "SLUICE_POLLER=kqueue, but Asio did not choose kqueue"
#endif

namespace sluice::platform {

std::string_view poller_name() {
    return "kqueue";
}

bool poller_misses_close() { return true; }

}  // namespace sluice::platform
