#include "proxy/tls_plan.hpp"

namespace sluice::proxy {

const std::string& tls_file(const config::Config& config, const std::string& path) {
    static const std::string nothing;
    const auto found = config.tls_files.find(path);
    return found != config.tls_files.end() ? found->second : nothing;
}

tls::ServerSettings server_settings(const config::Config& config, const config::ListenerTls& listener) {
    using Ask = tls::ServerSettings::ClientCertificates;
    tls::ServerSettings settings;
    for (const config::ServerCertificate& certificate : listener.certificates) {
        settings.certificates.push_back({tls_file(config, certificate.cert), tls_file(config, certificate.key), certificate.names,
                                         tls_file(config, certificate.ocsp)});
    }
    settings.only_tls13 = listener.min_version == config::TlsVersion::Tls13;
    if (listener.client_certificates) {
        const bool is_required = listener.client_certificates->mode == config::ClientCertificates::Mode::Required;
        settings.client_certificates = is_required ? Ask::Required : Ask::Optional;
        settings.authorities_pem = tls_file(config, listener.client_certificates->ca);
    }
    settings.tickets = listener.tickets;
    settings.protocols = {"h2", "http/1.1"};
    return settings;
}

tls::ClientSettings client_settings(const config::Config& config, const config::Cluster& cluster) {
    const config::ClusterTls& tls = *cluster.tls;
    const std::string protocol = cluster.protocol == config::Protocol::Http2 ? "h2" : "http/1.1";
    return {tls.verify, tls_file(config, tls.ca), tls.server_name, tls_file(config, tls.cert), tls_file(config, tls.key), {protocol}};
}

std::string listener_key(const config::Listener& listener) {
    const bool is_any_port = listener.address.port == 0 && listener.address.kind != config::Address::Kind::UnixPath;
    return listener.address.text() + (is_any_port ? " " + listener.name : "");
}

}  // namespace sluice::proxy
