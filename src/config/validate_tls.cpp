#include "config/validate_tls.hpp"

#include "config/address.hpp"
#include "config/field_rules.hpp"
#include "config/problem.hpp"

namespace sluice::config {
namespace {

using Findings = std::vector<Finding>;

void check_header(const std::string& name, const std::string& pointer, Findings& findings) {
    if (name.empty()) return;
    if (!is_token(name)) {
        findings.push_back({pointer, false, in_quotes(name) + " is not a header name", "write letters, digits and '-'"});
    } else if (is_gateway_field(name)) {
        findings.push_back({pointer, false, in_quotes(name) + " is the gateway's own", "choose another name"});
    }
}

void check_server_name(const std::string& name, const std::string& pointer, Findings& findings) {
    const std::string_view host = std::string_view(name).substr(name.starts_with("*.") ? 2 : 0);
    if (is_host_name(host) || (host.size() == name.size() && parse_ip(name))) return;
    findings.push_back({pointer, false, in_quotes(name) + " is not a host name", "write \"example.com\" or \"*.example.com\""});
}

}  // namespace

void validate_listener_tls(const ListenerTls& tls, const std::string& pointer, Findings& findings) {
    for (std::size_t i = 0; i < tls.certificates.size(); ++i) {
        const std::string names = pointer_to(pointer_to(pointer_to(pointer, "certificates"), i), "names");
        const std::vector<std::string>& all = tls.certificates[i].names;
        for (std::size_t j = 0; j < all.size(); ++j) check_server_name(all[j], pointer_to(names, j), findings);
    }
    if (!tls.client_certificates) return;
    const std::string asked = pointer_to(pointer, "client_certificates");
    check_header(tls.client_certificates->subject_header, pointer_to(asked, "subject_header"), findings);
    check_header(tls.client_certificates->fingerprint_header, pointer_to(asked, "fingerprint_header"), findings);
}

void validate_cluster_tls(const ClusterTls& tls, const std::string& pointer, Findings& findings) {
    if (tls.server_name.empty() || is_host_name(tls.server_name) || parse_ip(tls.server_name)) return;
    findings.push_back({pointer_to(pointer, "server_name"), false, in_quotes(tls.server_name) + " is not a host name",
                        "write a name such as \"api.internal\", without a port"});
}

}  // namespace sluice::config
