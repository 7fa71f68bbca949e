#include "service/steps.hpp"

#include <system_error>

namespace sluice::service {

Result<std::vector<Step>> steps_of(Verb, const Instance&) {
    return fail(system_error("services of this system", std::make_error_code(std::errc::function_not_supported)));
}

Result<void> check_rights(Verb) { return {}; }

}  // namespace sluice::service
