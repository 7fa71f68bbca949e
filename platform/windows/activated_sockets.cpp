#include "platform/activated_sockets.hpp"

#include <system_error>

namespace sluice::platform {

// The service control manager binds nothing for a service.
Result<std::vector<ActivatedSocket>> take_activated_sockets() { return {}; }

Result<ListenAddress> listening_address(NativeSocket) {
    return fail(system_error("asking where a socket listens", std::make_error_code(std::errc::function_not_supported)));
}

}  // namespace sluice::platform
