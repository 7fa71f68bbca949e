#pragma once

// Private to tls/.

#include "tls/openssl.hpp"

namespace sluice::tls {

/// OpenSSL's callback for each certificate of a chain (SSL_CTX_set_verify(3)): leaves in the connection, in words, why the
/// peer is not who it should be.
int note_verify_failure(int is_good, X509_STORE_CTX* check);

}  // namespace sluice::tls
