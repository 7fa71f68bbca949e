#include "service/steps.hpp"

#include <unistd.h>

#include <system_error>

#include "macos/steps.hpp"

namespace sluice::service {

Result<std::vector<Step>> steps_of(Verb verb, const Instance& instance) { return steps_in({}, verb, instance); }

Result<void> check_rights(Verb verb) {
    if (verb == Verb::Status || verb == Verb::Logs || ::geteuid() == 0) return {};
    return fail(system_error("only root may change services of the system: put sudo before the command",
                             std::make_error_code(std::errc::operation_not_permitted)));
}

}  // namespace sluice::service
