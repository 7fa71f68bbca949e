#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/reload_outcome.hpp"
#include "app/upgrade_outcome.hpp"
#include "base/log.hpp"
#include "http/message.hpp"
#include "net/task.hpp"
#include "proxy/local_service.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/slow_requests.hpp"

namespace sluice::app {

inline constexpr const char* plain_text = "text/plain; charset=utf-8";

/// What the operations of the admin listener are made of. An empty function is something that this gateway can't do: 501.
struct AdminServices {
    const Log& log;
    std::function<std::shared_ptr<const proxy::Snapshot>()> snapshot;
    std::function<std::string()> metrics_page;
    std::function<std::string()> status_page;
    std::function<bool()> is_draining;
    std::function<std::vector<telemetry::SlowRequest>()> slow_requests;
    RequestReload reload;
    RequestUpgrade upgrade;
    /// The configuration in force with every default, secrets masked: JSON.
    std::function<std::string()> effective_config;
};

/// A request that was found to be for an operation, and may be served.
struct AdminRequest {
    const proxy::LocalRequest& request;
    /// What stood in the place of {...} in the operation's path, decoded.
    std::vector<std::string> parameters;
};

/// Something that the admin listener does.
struct AdminOperation {
    http::Method method;
    /// "/v1/clusters/{cluster}/breaker".
    std::string_view path;
    net::Task<proxy::LocalResponse> (*run)(const AdminServices& services, const AdminRequest& request);

    [[nodiscard]] bool is_change() const { return method != http::Method::Get; }
};

/// All of them: what docs/openapi.json describes.
[[nodiscard]] std::span<const AdminOperation> admin_operations();

struct AdminMatch {
    /// nullptr: nothing is served under that path, or, with `allow`, not with that method.
    const AdminOperation* operation = nullptr;
    std::vector<std::string> parameters;
    /// The methods that the path has.
    std::string allow;
};

/// HEAD is served as GET.
[[nodiscard]] AdminMatch find_admin_operation(http::Method method, std::string_view path);

[[nodiscard]] std::string_view method_text(http::Method method);

/// docs/openapi.json.
[[nodiscard]] std::string_view openapi_document();

}  // namespace sluice::app
