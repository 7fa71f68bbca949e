#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tls {

/// What a certificate says about itself.
struct CertificateFacts {
    /// DNS names and addresses; the common name when it has none (RFC 6125, 6.4.4).
    std::vector<std::string> names;
    /// Seconds since 1970.
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    /// For people: "2026-11-29 13:44:19 UTC".
    std::string not_after_text;
    /// "RSA", "EC", "ED25519".
    std::string key_kind;
};

/// What is wrong with the files of a certificate, and with which of them.
struct CertificateFault {
    enum class Part : std::uint8_t { Certificate, Key, Staple };
    Part part = Part::Certificate;
    std::string message;
    std::string help;
};

/// Looks at a certificate chain, its key and what its authority says of it, all as texts of files: PEM, PEM, and DER (empty
/// for none).
/// Failure: what a handshake would fail of, said now.
[[nodiscard]] std::expected<CertificateFacts, CertificateFault> inspect_certificate(std::string_view chain_pem,
                                                                                    std::string_view key_pem,
                                                                                    std::string_view staple_der = {});

/// How many certificates a PEM text of authorities holds; 0 when it can't be read.
[[nodiscard]] std::size_t count_authorities(std::string_view pem);

}  // namespace sluice::tls
