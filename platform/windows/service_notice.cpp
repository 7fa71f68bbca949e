#include "platform/service_notice.hpp"

namespace sluice::platform {

Result<void> notify_service_manager(std::string_view) { return {}; }

}  // namespace sluice::platform
