#pragma once

#include "app/admin_operations.hpp"

namespace sluice::app {

/// POST /v1/upgrade: answers when the new process serves, or has failed.
[[nodiscard]] net::Task<proxy::LocalResponse> upgrade(const AdminServices& services, const AdminRequest& request);

}  // namespace sluice::app
