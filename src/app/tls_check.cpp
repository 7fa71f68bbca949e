#include "app/tls_check.hpp"

#include <string>

#include "base/log.hpp"
#include "config/problem.hpp"
#include "proxy/tls_plan.hpp"
#include "tls/certificate.hpp"

namespace sluice::app {
namespace {

using config::Finding;
using config::pointer_to;
using Part = tls::CertificateFault::Part;

constexpr std::int64_t day = 86400;
/// A warning comes so long before a certificate expires.
constexpr std::int64_t notice = 21 * day;

class TlsCheck {
public:
    TlsCheck(const config::Config& config, std::vector<Finding>& findings, std::vector<Finding>& warnings)
        : config_(config), findings_(findings), warnings_(warnings), now_(wall_clock_milliseconds() / 1000) {}

    void check_certificate(const std::string& pointer, const std::string& cert, const std::string& key, const std::string& ocsp) {
        const auto facts = tls::inspect_certificate(text(cert), text(key), text(ocsp));
        if (!facts) {
            const Part part = facts.error().part;
            const std::string& file = part == Part::Certificate ? cert : part == Part::Key ? key : ocsp;
            const std::string_view name = part == Part::Certificate ? "cert" : part == Part::Key ? "key" : "ocsp";
            findings_.push_back({pointer_to(pointer, name), false, config::in_quotes(file) + " " + facts.error().message, facts.error().help});
            return;
        }
        check_time(pointer_to(pointer, "cert"), cert, *facts);
    }

    void check_authorities(const std::string& pointer, const std::string& file) {
        if (file.empty() || tls::count_authorities(text(file)) != 0) return;
        findings_.push_back({pointer_to(pointer, "ca"), false, config::in_quotes(file) + " is no PEM file of certificates",
                             "it has to begin with '-----BEGIN CERTIFICATE-----'"});
    }

private:
    [[nodiscard]] const std::string& text(const std::string& path) const { return proxy::tls_file(config_, path); }

    void check_time(const std::string& pointer, const std::string& file, const tls::CertificateFacts& facts) {
        const std::int64_t left = facts.not_after - now_;
        if (facts.not_before > now_) {
            warnings_.push_back({pointer, false, config::in_quotes(file) + " is not valid yet", "set the clock, or wait"});
        } else if (left <= 0) {
            warnings_.push_back({pointer, false, config::in_quotes(file) + " has expired on " + facts.not_after_text, "renew it"});
        } else if (left < notice) {
            const std::string days = left < day ? "today" : "in " + std::to_string(left / day) + (left < 2 * day ? " day" : " days");
            warnings_.push_back({pointer, false, config::in_quotes(file) + " expires " + days + ", on " + facts.not_after_text, "renew it"});
        }
    }

    const config::Config& config_;
    std::vector<Finding>& findings_;
    std::vector<Finding>& warnings_;
    std::int64_t now_;
};

}  // namespace

void check_tls(const config::Config& config, std::vector<Finding>& findings, std::vector<Finding>& warnings) {
    TlsCheck check(config, findings, warnings);
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        const auto& tls = config.listeners[i].tls;
        if (!tls) continue;
        const std::string pointer = pointer_to(pointer_to("/listeners", i), "tls");
        for (std::size_t j = 0; j < tls->certificates.size(); ++j) {
            const config::ServerCertificate& one = tls->certificates[j];
            check.check_certificate(pointer_to(pointer_to(pointer, "certificates"), j), one.cert, one.key, one.ocsp);
        }
        if (tls->client_certificates) check.check_authorities(pointer_to(pointer, "client_certificates"), tls->client_certificates->ca);
    }
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        const auto& tls = config.clusters[i].tls;
        if (!tls) continue;
        const std::string pointer = pointer_to(pointer_to("/clusters", i), "tls");
        check.check_authorities(pointer, tls->ca);
        if (!tls->cert.empty() && !tls->key.empty()) check.check_certificate(pointer, tls->cert, tls->key, {});
        if (tls->verify) continue;
        warnings.push_back({pointer_to(pointer, "verify"), false, "the upstream need not prove who it is",
                            "leave it out, and name the authority in 'ca' where the system does not trust it"});
    }
}

}  // namespace sluice::app
