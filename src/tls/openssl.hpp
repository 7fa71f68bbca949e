#pragma once

// The one place where tls/ takes OpenSSL in: included by .cpp files of tls/ only.

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tls {

/// Ends an object of OpenSSL by the function that it has for that.
template <auto Free>
struct FreeBy {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};

using ContextPtr = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, FreeBy<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

/// What OpenSSL has noted about the last call, in its words ("no shared cipher"); forgets it. "" when there is nothing.
[[nodiscard]] std::string take_reason();

/// A source of these bytes; they outlive it.
[[nodiscard]] BioPtr bio_of(std::string_view bytes);

/// Every certificate of a PEM text; empty when there is none, or one of them can't be read.
[[nodiscard]] std::vector<X509Ptr> parse_certificates(std::string_view pem);

/// The key of a PEM text; nullptr when it can't be read. `is_encrypted` tells whether it wants a password.
[[nodiscard]] KeyPtr parse_key(std::string_view pem, bool& is_encrypted);

/// "CN=client,O=Example", as RFC 4514 writes it, ASCII only.
[[nodiscard]] std::string name_text(const X509_NAME* name);

/// The DNS names and addresses for which a certificate is; the common name when it has none.
[[nodiscard]] std::vector<std::string> names_of(X509* certificate);

/// Seconds since 1970.
[[nodiscard]] std::int64_t unix_time(const ASN1_TIME* time);

/// "2026-11-29 13:44:19 UTC".
[[nodiscard]] std::string time_text(const ASN1_TIME* time);

/// Settings that every context has: versions, ciphers and groups of Mozilla's intermediate profile, no compression, no
/// renegotiation.
void use_common_settings(SSL_CTX* context, bool only_tls13);

/// Makes a certificate chain and its key known to a context. Failure: take_reason tells.
[[nodiscard]] bool use_certificate(SSL_CTX* context, std::string_view chain_pem, std::string_view key_pem);

}  // namespace sluice::tls
