#include "config/validate.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/text.hpp"
#include "config/field_rules.hpp"
#include "config/pointer.hpp"
#include "config/problem.hpp"
#include "config/validate_cluster.hpp"
#include "config/validate_route.hpp"
#include "config/validate_tls.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

using Findings = std::vector<Finding>;

/// Names of one kind, each with where it stood first.
class Names {
public:
    explicit Names(std::string_view noun) : noun_(noun) {}

    void check(const std::string& name, const Pointer& owner, Findings& findings) {
        if (name.empty()) return;
        const std::string pointer = Pointer(owner, "name").text();
        if (has_control(name)) {
            findings.push_back({pointer, false, "the name holds a control character", "remove it"});
        }
        const auto [first, is_new] = seen_.emplace(name, pointer);
        if (is_new) return;
        findings.push_back({pointer, false, "another " + noun_ + " has the name " + in_quotes(name),
                            "names are unique", first->second});
    }

private:
    std::string noun_;
    std::unordered_map<std::string, std::string> seen_;
};

void check_listen_address(const Address& address, const std::string& pointer, Findings& findings) {
    if (address.kind != Address::Kind::Name) return;
    const std::string port = std::to_string(address.port);
    findings.push_back({pointer, false, "a listener can't have a host name",
                        "write an IP address, such as \"127.0.0.1:" + port +
                            "\" for this machine only or \"[::]:" + port +
                            "\" for every interface"});
}

/// Addresses that are listened on, each with where it stood first.
class ListenAddresses {
public:
    void check(const Address& address, const std::string& pointer, Findings& findings) {
        if (address.host.empty()) return;
        check_listen_address(address, pointer, findings);
        const bool any_free_port = address.kind != Address::Kind::UnixPath && address.port == 0;
        if (any_free_port) return;
        const auto [first, is_new] = seen_.emplace(address.text(), pointer);
        if (is_new) return;
        findings.push_back({pointer, false, in_quotes(address.text()) + " is listened on twice",
                            "change the port", first->second});
    }

private:
    std::unordered_map<std::string, std::string> seen_;
};

void validate_listeners(const Config& config, Findings& findings) {
    Names names("listener");
    ListenAddresses addresses;
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        const std::string pointer = pointer_to("/listeners", i);
        names.check(config.listeners[i].name, Pointer(pointer), findings);
        addresses.check(config.listeners[i].address, pointer_to(pointer, "address"), findings);
        if (config.listeners[i].tls && config.listeners[i].redirect_to_https) {
            findings.push_back({pointer_to(pointer, "redirect_to_https"), true, "the listener has TLS already",
                                "remove it, or move it to the listener without 'tls'"});
        }
        if (config.listeners[i].tls) validate_listener_tls(*config.listeners[i].tls, pointer_to(pointer, "tls"), findings);
    }
    if (config.admin.enabled) addresses.check(config.admin.address, "/admin/address", findings);
}

void validate_clusters(const Config& config, Findings& findings) {
    Names names("cluster");
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        const std::string pointer = pointer_to("/clusters", i);
        names.check(config.clusters[i].name, Pointer(pointer), findings);
        validate_cluster(config.clusters[i], pointer, findings);
    }
}

class ClusterCheck {
public:
    explicit ClusterCheck(const Config& config) {
        for (const Cluster& cluster : config.clusters) {
            names_.push_back(cluster.name);
            if (cluster.protocol == Protocol::Http2) in_http2_.insert(cluster.name);
        }
        known_.insert(names_.begin(), names_.end());
    }

    void check(const Route& route, const Pointer& pointer, Findings& findings) const {
        const auto* forward = std::get_if<Forward>(&route.action);
        if (forward == nullptr) return;
        check_name(forward->cluster, Pointer(pointer, "cluster"), findings);
        check_upgrade(*forward, forward->cluster, pointer, findings);
        check_grpc_web(*forward, forward->cluster, pointer, findings);
        const Pointer split(pointer, "split");
        for (std::size_t i = 0; i < forward->split.size(); ++i) {
            check_name(forward->split[i].cluster, Pointer(Pointer(split, i), "cluster"), findings);
            check_upgrade(*forward, forward->split[i].cluster, pointer, findings);
            check_grpc_web(*forward, forward->split[i].cluster, pointer, findings);
        }
        if (!forward->mirror) return;
        check_name(forward->mirror->cluster, Pointer(Pointer(pointer, "mirror"), "cluster"), findings);
    }

private:
    void check_name(const std::string& name, const Pointer& pointer, Findings& findings) const {
        if (name.empty() || known_.contains(name)) return;
        findings.push_back({pointer.text(), false, "no cluster has the name " + in_quotes(name),
                            names_.empty() ? "add it to 'clusters'" : suggest(name, names_)});
    }

    /// A stream of a shared connection carries a WebSocket (RFC 8441), and changes to no other protocol.
    void check_upgrade(const Forward& forward, const std::string& cluster, const Pointer& pointer, Findings& findings) const {
        const auto is_websocket = [](const std::string& protocol) { return equal_ignoring_case(protocol, "websocket"); };
        if (std::ranges::all_of(forward.upgrade, is_websocket) || !in_http2_.contains(cluster)) return;
        findings.push_back({Pointer(pointer, "upgrade").text(), false, "cluster " + in_quotes(cluster) + " is spoken to in HTTP/2, which has no upgrade but to websocket",
                            "remove it, or give these requests a cluster with \"protocol\": \"http1\""});
    }

    /// gRPC is HTTP/2.
    void check_grpc_web(const Forward& forward, const std::string& cluster, const Pointer& pointer, Findings& findings) const {
        if (!forward.grpc_web || !known_.contains(cluster) || in_http2_.contains(cluster)) return;
        findings.push_back({Pointer(pointer, "grpc_web").text(), false, "cluster " + in_quotes(cluster) + " is spoken to in HTTP/1.1, which does not carry gRPC",
                            "write \"protocol\": \"http2\" in the cluster, or remove it where the upstream speaks gRPC-Web itself"});
    }

    std::vector<std::string_view> names_;
    std::unordered_set<std::string_view> known_;
    std::unordered_set<std::string_view> in_http2_;
};

void validate_routes(const Config& config, ClusterNames clusters, Findings& findings) {
    Names names("route");
    const ClusterCheck cluster_check(config);
    const Pointer routes("/routes");
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        const Pointer pointer(routes, i);
        const Route& route = config.routes[i];
        names.check(route.name, pointer, findings);
        if (clusters == ClusterNames::Complete) cluster_check.check(route, pointer, findings);
        validate_route(route, pointer, findings);
    }
}

void validate_forwarding(const Forwarding& forwarding, Findings& findings) {
    if (!forwarding.via.empty() && !is_token(forwarding.via)) {
        findings.push_back({"/forwarding/via", false,
                            in_quotes(forwarding.via) + " can't stand in Via",
                            "write letters, digits, '-', '_' and '.' only, or \"\" to send none"});
    }
    const std::string& header = forwarding.request_id_header;
    if (header.empty()) return;
    if (!is_token(header)) {
        findings.push_back({"/forwarding/request_id_header", false,
                            in_quotes(header) + " is not a header name",
                            "write one such as \"X-Request-Id\""});
    } else if (is_gateway_field(header)) {
        findings.push_back({"/forwarding/request_id_header", false,
                            "the gateway needs " + in_quotes(header) + " for itself",
                            "write a name of your own, such as \"X-Request-Id\""});
    }
}

void validate_resolver(const Resolver& resolver, Findings& findings) {
    for (std::size_t i = 0; i < resolver.servers.size(); ++i) {
        const Address& server = resolver.servers[i];
        const bool is_literal = server.kind == Address::Kind::Ipv4 || server.kind == Address::Kind::Ipv6;
        if (server.host.empty() || (is_literal && server.port != 0)) continue;
        findings.push_back({pointer_to("/resolver/servers", i), false,
                            in_quotes(server.text()) + " is not the address of a DNS server",
                            "write an IP address and a port, such as \"10.0.0.2:53\""});
    }
}

void validate_admin(const Admin& admin, Findings& findings) {
    const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
    if (!std::ranges::all_of(admin.token, is_visible)) {
        findings.push_back({"/admin/token", false, "the token holds what a header can't carry",
                            "write visible ASCII characters only, without spaces"});
    }
    for (std::size_t i = 0; i < admin.hosts.size(); ++i) {
        const std::string& host = admin.hosts[i];
        const bool is_name = !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](char c) {
            const char low = lower(c);
            return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        });
        if (is_name) continue;
        findings.push_back({pointer_to("/admin/hosts", i), false, in_quotes(host) + " is not a host name",
                            "write a name or an IPv4 address without a port, such as \"gateway.internal\""});
    }
}

void validate_log(const LogSettings& log, Findings& findings) {
    if (has_control(log.access)) findings.push_back({"/log/access", false, "the path holds a control character", "remove it"});
    if (has_control(log.file)) findings.push_back({"/log/file", false, "the path holds a control character", "remove it"});
    if (log.file == log.access) {
        findings.push_back({"/log/access", false, "is the same file as /log/file", "give each log a file of its own"});
    }
}

}  // namespace

std::vector<Finding> validate(const Config& config, ClusterNames clusters) {
    Findings findings;
    validate_listeners(config, findings);
    validate_routes(config, clusters, findings);
    validate_clusters(config, findings);
    validate_resolver(config.resolver, findings);
    validate_forwarding(config.forwarding, findings);
    validate_log(config.log, findings);
    validate_admin(config.admin, findings);
    return findings;
}

}  // namespace sluice::config
