#pragma once

#include "app/admin_operations.hpp"

/// The operations of the admin listener on clusters and their endpoints.
namespace sluice::app {

/// PATCH /v1/clusters/{cluster}/endpoints/{endpoint}.
[[nodiscard]] net::Task<proxy::LocalResponse> change_endpoint(const AdminServices& services, const AdminRequest& request);

/// PUT /v1/clusters/{cluster}/breaker.
[[nodiscard]] net::Task<proxy::LocalResponse> set_breaker(const AdminServices& services, const AdminRequest& request);

}  // namespace sluice::app
