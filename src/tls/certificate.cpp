#include "tls/certificate.hpp"

#include <openssl/ocsp.h>

#include "tls/openssl.hpp"

namespace sluice::tls {
namespace {

using Part = CertificateFault::Part;

std::unexpected<CertificateFault> fault(Part part, std::string message, std::string help) {
    return std::unexpected(CertificateFault{part, std::move(message), std::move(help)});
}

CertificateFacts facts_of(X509* certificate) {
    CertificateFacts facts;
    facts.names = names_of(certificate);
    facts.not_before = unix_time(X509_get0_notBefore(certificate));
    facts.not_after = unix_time(X509_get0_notAfter(certificate));
    facts.not_after_text = time_text(X509_get0_notAfter(certificate));
    const EVP_PKEY* const key = X509_get0_pubkey(certificate);
    const char* const kind = key != nullptr ? EVP_PKEY_get0_type_name(key) : nullptr;
    if (kind != nullptr) facts.key_kind = kind;
    return facts;
}

bool is_staple(std::string_view der) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<OCSP_RESPONSE, FreeBy<OCSP_RESPONSE_free>> response(
        d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der.size())));
    ERR_clear_error();
    return response && OCSP_response_status(response.get()) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
}

}  // namespace

std::expected<CertificateFacts, CertificateFault> inspect_certificate(std::string_view chain_pem, std::string_view key_pem,
                                                                      std::string_view staple_der) {
    const std::vector<X509Ptr> chain = parse_certificates(chain_pem);
    if (chain.empty()) {
        return fault(Part::Certificate, "is no PEM file of certificates",
                     "it has to begin with '-----BEGIN CERTIFICATE-----', the server's own first");
    }
    bool is_encrypted = false;
    const KeyPtr key = parse_key(key_pem, is_encrypted);
    if (is_encrypted) {
        return fault(Part::Key, "is a key that wants a password", "take it off: openssl pkey -in KEY -out NEW_KEY");
    }
    if (!key) return fault(Part::Key, "is no PEM file of a private key", "it has to begin with '-----BEGIN PRIVATE KEY-----' or the like");
    const bool matches = X509_check_private_key(chain.front().get(), key.get()) == 1;
    ERR_clear_error();
    if (!matches) return fault(Part::Key, "is not the key of the certificate", "name the key with which the certificate was asked for");
    const ContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (context) use_common_settings(context.get(), false);
    if (!context || !use_certificate(context.get(), chain_pem, key_pem)) {
        return fault(Part::Certificate, "can't be used: " + take_reason(), "RSA keys need 2048 bits or more, signatures SHA-256 or better");
    }
    if (!staple_der.empty() && !is_staple(staple_der)) {
        return fault(Part::Staple, "is no successful OCSP response in DER", "fetch it with: openssl ocsp -respout FILE");
    }
    return facts_of(chain.front().get());
}

std::size_t count_authorities(std::string_view pem) { return parse_certificates(pem).size(); }

}  // namespace sluice::tls
