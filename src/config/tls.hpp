#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// TLS of listeners and clusters. Part of the model; see model.hpp. Paths are joined to the folder of the file in which
/// they stand; what the files hold is in Config::tls_files.
namespace sluice::config {

/// A certificate of the gateway's, for those clients that ask for one of its names.
struct ServerCertificate {
    std::string cert;
    std::string key;
    /// Empty takes those of the certificate.
    std::vector<std::string> names;
    /// An OCSP response; empty for none.
    std::string ocsp;
    bool operator==(const ServerCertificate&) const = default;
};

/// What is asked of clients.
struct ClientCertificates {
    enum class Mode : std::uint8_t { Optional, Required };
    Mode mode = Mode::Required;
    std::string ca;
    /// What the upstream gets of a verified certificate; empty sends none.
    std::string subject_header = "X-Client-Cert-Subject";
    std::string fingerprint_header = "X-Client-Cert-Fingerprint";
    bool operator==(const ClientCertificates&) const = default;
};

enum class TlsVersion : std::uint8_t { Tls12, Tls13 };

struct ListenerTls {
    std::vector<ServerCertificate> certificates;
    TlsVersion min_version = TlsVersion::Tls12;
    std::optional<ClientCertificates> client_certificates;
    bool tickets = true;
    bool operator==(const ListenerTls&) const = default;
};

struct ClusterTls {
    bool verify = true;
    /// Empty takes those whom the system trusts.
    std::string ca;
    /// Empty takes the host of the endpoint, as the configuration names it.
    std::string server_name;
    /// The gateway's own, as a client; empty shows none.
    std::string cert;
    std::string key;
    bool operator==(const ClusterTls&) const = default;
};

}  // namespace sluice::config
