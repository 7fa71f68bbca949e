#include "app/admin_operations.hpp"

#include <array>
#include <optional>

#include "app/admin_pages.hpp"
#include "app/admin_upgrade.hpp"
#include "app/admin_upstreams.hpp"
#include "base/text.hpp"

namespace sluice::app {
namespace {

using http::Method;

constexpr std::array operations{
    AdminOperation{Method::Get, "/", index_page},
    AdminOperation{Method::Get, "/healthz", health_page},
    AdminOperation{Method::Get, "/readyz", readiness_page},
    AdminOperation{Method::Get, "/metrics", metrics_page},
    AdminOperation{Method::Get, "/status", status_page},
    AdminOperation{Method::Get, "/v1/openapi.json", openapi_page},
    AdminOperation{Method::Get, "/v1/config", config_page},
    AdminOperation{Method::Get, "/v1/slow", slow_page},
    AdminOperation{Method::Post, "/v1/reload", reload},
    AdminOperation{Method::Post, "/v1/upgrade", upgrade},
    AdminOperation{Method::Post, "/v1/explain", explain},
    AdminOperation{Method::Put, "/v1/log/level", set_log_level},
    AdminOperation{Method::Patch, "/v1/clusters/{cluster}/endpoints/{endpoint}", change_endpoint},
    AdminOperation{Method::Put, "/v1/clusters/{cluster}/breaker", set_breaker},
};

/// nullopt for a broken escape.
std::optional<std::string> decode(std::string_view segment) {
    std::string text;
    for (std::size_t i = 0; i < segment.size(); ++i) {
        if (segment[i] != '%') {
            text.push_back(segment[i]);
            continue;
        }
        if (i + 2 >= segment.size()) return std::nullopt;
        const int high = hex_value(segment[i + 1]);
        const int low = hex_value(segment[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        text.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return text;
}

std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

/// The values of the pattern's {...}, or nullopt.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    std::vector<std::string> values;
    while (pattern.starts_with('/') && path.starts_with('/')) {
        const std::string_view wanted = take_segment(pattern);
        const std::string_view segment = take_segment(path);
        if (!wanted.starts_with('{')) {
            if (wanted != segment) return std::nullopt;
            continue;
        }
        std::optional<std::string> value = decode(segment);
        if (!value || value->empty()) return std::nullopt;
        values.push_back(std::move(*value));
    }
    if (!pattern.empty() || !path.empty()) return std::nullopt;
    return values;
}

void add_allowed(std::string& allow, Method method) {
    if (!allow.empty()) allow.append(", ");
    allow.append(method == Method::Get ? "GET, HEAD" : method_text(method));
}

}  // namespace

std::span<const AdminOperation> admin_operations() { return operations; }

std::string_view method_text(Method method) {
    switch (method) {
        case Method::Get: return "GET";
        case Method::Head: return "HEAD";
        case Method::Post: return "POST";
        case Method::Put: return "PUT";
        case Method::Patch: return "PATCH";
        case Method::Delete: return "DELETE";
        default: return "OTHER";
    }
}

AdminMatch find_admin_operation(Method method, std::string_view path) {
    AdminMatch found;
    for (const AdminOperation& operation : operations) {
        std::optional<std::vector<std::string>> values = match(operation.path, path);
        if (!values) continue;
        add_allowed(found.allow, operation.method);
        if (operation.method != method && (operation.method != Method::Get || method != Method::Head)) continue;
        found.operation = &operation;
        found.parameters = std::move(*values);
    }
    return found;
}

}  // namespace sluice::app
