#include "config/warnings.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "config/problem.hpp"
#include "config/quantity.hpp"

namespace sluice::config {
namespace {

using Findings = std::vector<Finding>;

/// Whether nobody outside this machine can connect.
bool is_local(const Address& address) {
    switch (address.kind) {
        case Address::Kind::Ipv4:
            return address.host.starts_with("127.");
        case Address::Kind::Ipv6:
            return address.host == "::1";
        case Address::Kind::Name:
            return address.host == "localhost";
        case Address::Kind::UnixPath:
            return true;
    }
    return false;
}

const Listener* find_open_listener(const Config& config) {
    const auto open = [](const Listener& listener) { return !is_local(listener.address); };
    const auto found = std::ranges::find_if(config.listeners, open);
    return found == config.listeners.end() ? nullptr : &*found;
}

void look_at_admin(const Admin& admin, Findings& findings) {
    if (!admin.enabled || is_local(admin.address) || !admin.token.empty()) return;
    findings.push_back({"/admin/address", false, "other machines can reach the admin listener, and no token is set",
                        "write an address of loopback, such as \"127.0.0.1:" + std::to_string(admin.address.port) +
                            "\", or set 'token'"});
}

/// So wide that it can't be a network of proxies; "fc00::/7" is the widest that is private.
bool is_nearly_everything(const Network& network) {
    return network.prefix_length < (network.kind == Address::Kind::Ipv4 ? 8 : 7);
}

void look_at_proxies(const Forwarding& forwarding, Findings& findings) {
    for (std::size_t i = 0; i < forwarding.trusted_proxies.size(); ++i) {
        if (!is_nearly_everything(forwarding.trusted_proxies[i])) continue;
        findings.push_back({pointer_to("/forwarding/trusted_proxies", i), false,
                            "nearly every client is trusted to tell its own address",
                            "write the addresses of your proxies alone"});
    }
}

/// Once for all routes: it is the default.
void look_at_bodies(const Config& config, Findings& findings) {
    const Listener* listener = find_open_listener(config);
    if (listener == nullptr) return;
    std::optional<std::size_t> first;
    std::size_t count = 0;
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        const Route& route = config.routes[i];
        if (!std::holds_alternative<Forward>(route.action) || route.max_body_bytes != 0) continue;
        if (!first) first = i;
        ++count;
    }
    if (!first) return;
    const std::string others = count == 1 ? "" : (count == 2 ? ", as does 1 more" : ", as do " + std::to_string(count - 1) + " more");
    findings.push_back({pointer_to(pointer_to("/routes", *first), "max_body_bytes"), false,
                        "the route forwards bodies of any size from other machines" + others,
                        "write a limit such as \"10MiB\""});
}

/// A limit that is as good as none.
void look_at_time(std::string_view pointer, milliseconds value, milliseconds most, Findings& findings) {
    if (value <= most) return;
    findings.push_back({std::string(pointer), false,
                        "a client may keep its connection for \"" + format_duration(value) + "\" and do nothing",
                        "write at most \"" + format_duration(most) + "\""});
}

void look_at_limits(const Limits& limits, Findings& findings) {
    if (limits.min_rate == 0) {
        findings.push_back({"/limits/min_rate", false, "a client may send as slowly as it likes",
                            "leave it out, or write the least bytes a second that you allow"});
    }
    look_at_time("/limits/keepalive", limits.keepalive, std::chrono::hours{1}, findings);
    look_at_time("/limits/head_timeout", limits.head_timeout, std::chrono::minutes{10}, findings);
    look_at_time("/limits/body_idle", limits.body_idle, std::chrono::hours{1}, findings);
}

void look_at_health(const Cluster& cluster, const std::string& pointer, Findings& findings) {
    const Ejection& ejection = cluster.ejection;
    const bool never_ejects =
        ejection.max_percent == 0 || (ejection.connect_failures == 0 && ejection.server_errors == 0);
    if (cluster.health_check || !never_ejects || cluster.endpoints.size() < 2) return;
    findings.push_back({pointer_to(pointer, "ejection"), false,
                        "nothing takes out an endpoint that fails: there is no health check and no ejection",
                        "add 'health_check', or leave 'ejection' out to have its defaults"});
}

void look_at_retries(const Cluster& cluster, const std::string& pointer, Findings& findings) {
    if (cluster.retry.attempts == 1 || cluster.retry.budget_percent < 100) return;
    findings.push_back({pointer_to(pointer_to(pointer, "retry"), "budget_percent"), false,
                        "retries may double the load on upstreams that fail", "write 20, which is the default"});
}

void look_at_breaker(const Cluster& cluster, const std::string& pointer, Findings& findings) {
    if (!cluster.breaker) return;
    const Breaker& breaker = *cluster.breaker;
    const bool has_rule = breaker.consecutive_failures != 0 || breaker.error_percent != 0 ||
                          breaker.slow_percent != 0 || breaker.max_requests != 0;
    if (has_rule) return;
    findings.push_back({pointer_to(pointer, "breaker"), false, "all rules of the breaker are off, so it never opens",
                        "write one, such as \"error_percent\": 50, or remove it"});
}

}  // namespace

std::vector<Finding> find_warnings(const Config& config) {
    Findings findings;
    look_at_bodies(config, findings);
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        const std::string pointer = pointer_to("/clusters", i);
        look_at_health(config.clusters[i], pointer, findings);
        look_at_retries(config.clusters[i], pointer, findings);
        look_at_breaker(config.clusters[i], pointer, findings);
    }
    look_at_limits(config.limits, findings);
    look_at_proxies(config.forwarding, findings);
    look_at_admin(config.admin, findings);
    return findings;
}

}  // namespace sluice::config
