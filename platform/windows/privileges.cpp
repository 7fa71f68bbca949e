#include "platform/privileges.hpp"

namespace sluice::platform {

Result<void> become_user(const std::string&) {
    return fail(system_error("'user' is for Unix: on Windows the account of a service is set when it is installed", {}));
}

}  // namespace sluice::platform
