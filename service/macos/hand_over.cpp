#include "service/hand_over.hpp"

#include <system_error>

#include "service/host.hpp"

namespace sluice::service {

Result<void> check_hand_over() {
    if (!is_hosted()) return {};
    return fail(system_error("launchd keeps to the process that it started: use 'sluice service restart'",
                             std::make_error_code(std::errc::operation_not_supported)));
}

}  // namespace sluice::service
