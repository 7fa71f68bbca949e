#pragma once

#include "app/admin_operations.hpp"

/// The operations of the admin listener but those on clusters.
namespace sluice::app {

using AdminAnswer = net::Task<proxy::LocalResponse>;

[[nodiscard]] AdminAnswer index_page(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer health_page(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer readiness_page(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer metrics_page(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer status_page(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer openapi_page(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer config_page(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer slow_page(const AdminServices& services, const AdminRequest& request);

/// POST /v1/reload: waits until the reload is done.
[[nodiscard]] AdminAnswer reload(const AdminServices& services, const AdminRequest& request);
/// POST /v1/explain: what would be done with the request in the body; changes nothing.
[[nodiscard]] AdminAnswer explain(const AdminServices& services, const AdminRequest& request);
[[nodiscard]] AdminAnswer set_log_level(const AdminServices& services, const AdminRequest& request);

/// What is served, for people who look at the index or miss a page.
extern const char* const admin_index;

}  // namespace sluice::app
