#include "config/validate_cluster.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "config/field_rules.hpp"
#include "config/problem.hpp"
#include "config/validate_route.hpp"
#include "config/words.hpp"
#include "config/validate_tls.hpp"

namespace sluice::config {
namespace {

using Findings = std::vector<Finding>;
using Seen = std::unordered_map<std::string, std::string>;

void check_twice(const std::string& name, const std::string& place, Seen& seen, Findings& findings) {
    const auto [first, is_new] = seen.emplace(name, place);
    if (is_new) return;
    findings.push_back({place, false, in_quotes(name) + " stands twice in this cluster",
                        "give it a larger weight instead", first->second});
}

void check_endpoint(const Endpoint& endpoint, const std::string& pointer, Seen& seen, Findings& findings) {
    if (!endpoint.srv.empty()) {
        const std::string place = pointer_to(pointer, "srv");
        if (!is_host_name(endpoint.srv)) {
            findings.push_back({place, false, in_quotes(endpoint.srv) + " is not a DNS name",
                                "write one such as \"_http._tcp.orders.internal\""});
        }
        check_twice(endpoint.srv, place, seen, findings);
        return;
    }
    const Address& address = endpoint.address;
    if (address.host.empty()) return;
    const std::string place = pointer_to(pointer, "address");
    if (address.kind != Address::Kind::UnixPath && address.port == 0) {
        findings.push_back({place, false, "an endpoint can't have port 0", "write the upstream's port"});
    }
    check_twice(address.text(), place, seen, findings);
}

void check_hash(const Cluster& cluster, const std::string& pointer, Findings& findings) {
    const HashKey& hash = cluster.hash;
    const bool needs_name = hash.by != HashKey::By::Client && hash.by != HashKey::By::Path;
    const std::string place = pointer_to(pointer, "hash");
    if (needs_name && hash.name.empty()) {
        findings.push_back({place, false, "the key 'name' is missing", "write what is hashed, such as \"X-User\""});
    }
    const bool must_be_token = hash.by == HashKey::By::Header || hash.by == HashKey::By::Cookie;
    if (must_be_token && !hash.name.empty() && !is_token(hash.name)) {
        findings.push_back({pointer_to(place, "name"), false, in_quotes(hash.name) + " is not a name of a header or cookie",
                            "write one such as \"X-User\""});
    }
    if (needs_name && cluster.balance != Balance::Hash) {
        findings.push_back({place, true, "has no effect unless \"balance\" is \"hash\"",
                            "write \"balance\": \"hash\", or remove it"});
    }
}

void check_sticky(const Sticky& sticky, const std::string& pointer, Findings& findings) {
    if (!is_token(sticky.cookie)) {
        findings.push_back({pointer_to(pointer, "cookie"), false, in_quotes(sticky.cookie) + " is not a name of a cookie",
                            "write letters, digits, '-' and '_' only"});
    }
    const bool is_plain = std::ranges::all_of(sticky.path, [](char c) { return c > 0x20 && c < 0x7F && c != ';'; });
    if (!sticky.path.starts_with('/') || !is_plain) {
        findings.push_back({pointer_to(pointer, "path"), false, in_quotes(sticky.path) + " can't be the path of a cookie",
                            "write one such as \"/\""});
    }
}

void check_health(const HealthCheck& check, const std::string& pointer, Findings& findings) {
    const auto is_visible = [](char c) { return c > 0x20 && c < 0x7F; };
    if (!check.path.starts_with('/') || !std::ranges::all_of(check.path, is_visible)) {
        findings.push_back({pointer_to(pointer, "path"), false, in_quotes(check.path) + " can't be asked for",
                            "write a path such as \"/health\", percent-encoded"});
    }
    if (!std::ranges::all_of(check.host, is_visible)) {
        findings.push_back({pointer_to(pointer, "host"), false, in_quotes(check.host) + " is not a host",
                            "write \"name\" or \"name:port\""});
    }
    if (check.method != "GET" && check.method != "HEAD" && check.method != "OPTIONS") {
        findings.push_back({pointer_to(pointer, "method"), false, in_quotes(check.method) + " can't be used for checks",
                            "write GET, HEAD or OPTIONS"});
    }
    if (check.method == "HEAD" && !check.body.empty()) {
        findings.push_back({pointer_to(pointer, "body"), false, "a response to HEAD has no body",
                            "remove it, or write \"method\": \"GET\""});
    }
    if (check.timeout > check.interval) {
        findings.push_back({pointer_to(pointer, "timeout"), false, "the timeout is longer than the interval",
                            "write at most the interval, so that checks do not pile up"});
    }
}

/// Keys of one type of check with another.
void check_health_type(const Cluster& cluster, const std::string& pointer, Findings& findings) {
    const HealthCheck& check = *cluster.health_check;
    const bool is_grpc = check.type == HealthCheck::Type::Grpc;
    if (is_grpc && cluster.protocol != Protocol::Http2) {
        findings.push_back({pointer_to(pointer, "type"), false, "gRPC needs HTTP/2, and this cluster is spoken to in HTTP/1.1",
                            "write \"protocol\": \"http2\" in the cluster, or check by \"http\" or \"tcp\""});
    }
    if (!is_grpc && !check.service.empty()) {
        findings.push_back({pointer_to(pointer, "service"), false, "only a check by gRPC asks for a service",
                            "write \"type\": \"grpc\" too, or remove it"});
    }
    const HealthCheck defaults;
    const auto refuse = [&](const char* key, bool is_there) {
        if (!is_grpc || !is_there) return;
        findings.push_back({pointer_to(pointer, key), false, "a check by gRPC goes by the answer's grpc-status and SERVING alone",
                            "remove it, or write \"type\": \"http\""});
    };
    refuse("path", check.path != defaults.path);
    refuse("method", check.method != defaults.method);
    refuse("statuses", check.statuses != defaults.statuses);
    refuse("body", !check.body.empty());
}

void check_breaker(const Breaker& breaker, const std::string& pointer, Findings& findings) {
    if (!breaker.fallback) return;
    validate_respond(*breaker.fallback, Pointer(Pointer(pointer), "fallback"), findings);
}

}  // namespace

void validate_cluster(const Cluster& cluster, const std::string& pointer, Findings& findings) {
    Seen seen;
    const std::string list = pointer_to(pointer, "endpoints");
    for (std::size_t i = 0; i < cluster.endpoints.size(); ++i) {
        check_endpoint(cluster.endpoints[i], pointer_to(list, i), seen, findings);
    }
    check_hash(cluster, pointer, findings);
    if (cluster.sticky) check_sticky(*cluster.sticky, pointer_to(pointer, "sticky"), findings);
    if (cluster.health_check) {
        const std::string place = pointer_to(pointer, "health_check");
        check_health(*cluster.health_check, place, findings);
        check_health_type(cluster, place, findings);
    }
    if (cluster.tls) validate_cluster_tls(*cluster.tls, pointer_to(pointer, "tls"), findings);
    if (cluster.breaker) check_breaker(*cluster.breaker, pointer_to(pointer, "breaker"), findings);
}

}  // namespace sluice::config
