#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tls/connection.hpp"
#include "tls/ticket_keys.hpp"

namespace sluice::tls {

/// What a server shows and asks for.
struct ServerSettings {
    /// Texts of files.
    struct Certificate {
        std::string chain_pem;
        std::string key_pem;
        /// Instead of those that the certificate has: "example.com", "*.example.com".
        std::vector<std::string> names;
        /// An OCSP response (RFC 6960) in DER; may be empty.
        std::string staple_der;
        bool operator==(const Certificate&) const = default;
    };
    enum class ClientCertificates : std::uint8_t { None, Optional, Required };

    /// At least one; the first is shown to who asks for no name, or for one that is not there.
    std::vector<Certificate> certificates;
    bool only_tls13 = false;
    ClientCertificates client_certificates = ClientCertificates::None;
    /// Of those who sign clients' certificates.
    std::string authorities_pem;
    /// Whether clients may go on with an earlier session (RFC 5077).
    bool tickets = true;
    /// For ALPN (RFC 7301), the one that is liked best first.
    std::vector<std::string> protocols;
    bool operator==(const ServerSettings&) const = default;
};

/// Everything that the server side of handshakes needs, made ready once.
///
/// Threading: immutable; any thread.
/// Failure:   code System with the reason. Settings that `inspect_certificate` has passed do not fail.
class ServerContext : public std::enable_shared_from_this<ServerContext> {
public:
    [[nodiscard]] static Result<std::shared_ptr<const ServerContext>> make(const ServerSettings& settings,
                                                                          std::shared_ptr<TicketKeys> keys);
    ServerContext(const ServerContext&) = delete;
    ServerContext& operator=(const ServerContext&) = delete;
    ~ServerContext();

    /// The server's end of a connection; nullptr when there is no memory for one.
    [[nodiscard]] std::unique_ptr<Connection> open(Wire& wire) const;

    [[nodiscard]] const ServerSettings& settings() const { return settings_; }
    struct Parts;

private:
    ServerContext(const ServerSettings& settings, std::shared_ptr<TicketKeys> keys);

    ServerSettings settings_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::tls
