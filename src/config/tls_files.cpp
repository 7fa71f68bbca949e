#include "config/tls_files.hpp"

#include "config/problem.hpp"

namespace sluice::config {
namespace {

/// Bundles of authorities are the largest.
constexpr std::size_t most_certificate_bytes = std::size_t{4} * 1024 * 1024;

/// Both ways, with and without const, through one list of the paths.
template <typename AnyConfig, typename Call>
void visit(AnyConfig& config, const Call& call) {
    const auto one = [&](const std::string& parent, std::string_view key, auto& path) {
        if (!path.empty()) call(pointer_to(parent, key), path, key == "key");
    };
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        auto& tls = config.listeners[i].tls;
        if (!tls) continue;
        const std::string parent = pointer_to(pointer_to("/listeners", i), "tls");
        for (std::size_t j = 0; j < tls->certificates.size(); ++j) {
            const std::string certificate = pointer_to(pointer_to(parent, "certificates"), j);
            one(certificate, "cert", tls->certificates[j].cert);
            one(certificate, "key", tls->certificates[j].key);
            one(certificate, "ocsp", tls->certificates[j].ocsp);
        }
        if (tls->client_certificates) one(pointer_to(parent, "client_certificates"), "ca", tls->client_certificates->ca);
    }
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        auto& tls = config.clusters[i].tls;
        if (!tls) continue;
        const std::string parent = pointer_to(pointer_to("/clusters", i), "tls");
        one(parent, "ca", tls->ca);
        one(parent, "cert", tls->cert);
        one(parent, "key", tls->key);
    }
}

}  // namespace

void for_each_tls_file(const Config& config, const TlsFileCall& call) { visit(config, call); }

void for_each_tls_path(Config& config, const std::function<void(std::string&)>& change) {
    visit(config, [&](const std::string&, std::string& path, bool) { change(path); });
}

void read_tls_files(Config& config, Sources& sources, std::vector<Finding>& findings, std::vector<Finding>& warnings) {
    for_each_tls_file(config, [&](const std::string& pointer, const std::string& path, bool is_key) {
        if (is_key && sources.is_open_to_all(path)) {
            warnings.push_back({pointer, false, "every user of this machine can read the private key", "take the right away: chmod o= " + path});
        }
        if (config.tls_files.contains(path)) return;
        auto text = sources.read(path, most_certificate_bytes);
        if (!text) {
            findings.push_back({pointer, false, in_quotes(path) + " can't be read: " + text.error(),
                                "check the path and its permissions; it is relative to this file's folder"});
        } else if (text->size() > most_certificate_bytes) {
            findings.push_back({pointer, false, in_quotes(path) + " has more than 4 MiB", "name a file in PEM"});
        } else {
            config.tls_files.emplace(path, std::move(*text));
        }
    });
}

}  // namespace sluice::config
