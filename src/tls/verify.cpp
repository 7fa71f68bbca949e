#include "tls/verify.hpp"

#include "tls/connection.hpp"

namespace sluice::tls {
namespace {

std::string joined(const std::vector<std::string>& names) {
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
    return text.empty() ? "nobody" : text;
}

/// "the certificate of 10.0.0.5:443", or that of an authority above it.
std::string subject_of(const std::string& peer, X509* certificate, int depth) {
    if (depth == 0 || certificate == nullptr) return "the certificate of " + peer;
    return "the certificate of " + peer + "'s authority " + name_text(X509_get_subject_name(certificate));
}

std::string describe(int error, X509* certificate, int depth, const std::string& peer, const std::string& wanted) {
    const std::string subject = subject_of(peer, certificate, depth);
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return subject + " has expired on " + time_text(X509_get0_notAfter(certificate));
        case X509_V_ERR_CERT_NOT_YET_VALID: return subject + " is not valid before " + time_text(X509_get0_notBefore(certificate));
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: return subject + " is for " + joined(names_of(certificate)) + ", not " + wanted;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "the certificate of " + peer + " is signed by nobody whom the gateway trusts (" + X509_verify_cert_error_string(error) + ")";
        default: break;
    }
    return subject + " is refused: " + X509_verify_cert_error_string(error);
}

}  // namespace

int note_verify_failure(int is_good, X509_STORE_CTX* check) {
    if (is_good == 1) return 1;
    auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
    Connection& connection = *static_cast<Connection*>(SSL_get_app_data(ssl));
    connection.verify_reason_ = describe(X509_STORE_CTX_get_error(check), X509_STORE_CTX_get_current_cert(check),
                                         X509_STORE_CTX_get_error_depth(check), connection.peer_, connection.wanted_name_);
    return 0;
}

}  // namespace sluice::tls
