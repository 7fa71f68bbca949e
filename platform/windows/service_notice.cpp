#include "platform/service_notice.hpp"

namespace sluice::platform {

Result<void> notify_service_manager(std::string_view) { return {}; }

bool standard_error_is_journal() { return false; }

}  // namespace sluice::platform
