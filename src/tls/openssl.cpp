#include "tls/openssl.hpp"

#include <array>
#include <climits>
#include <ctime>

#include "tls/ip_text.hpp"

namespace sluice::tls {
namespace {

/// Mozilla's "intermediate" profile (version 5.7) without its finite-field key exchanges: they let a client make the server
/// compute for little work of its own, and no client of today needs them.
constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";

/// Nobody is there to type a password.
int refuse_password(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

std::string text_of(const ASN1_STRING* text) {
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, text);
    if (size < 0) return {};
    std::string copy(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return copy;
}

std::string common_name(X509* certificate) {
    const X509_NAME* const subject = X509_get_subject_name(certificate);
    const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (place < 0) return {};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
}

std::string drain(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return {bytes, size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

std::string take_reason() {
    std::string reason;
    while (const unsigned long code = ERR_get_error()) {
        const char* const text = ERR_reason_error_string(code);
        // The first one is the cause; those that follow tell through what it went.
        if (reason.empty() && text != nullptr) reason = text;
    }
    return reason;
}

BioPtr bio_of(std::string_view bytes) {
    const std::size_t size = bytes.size() > INT_MAX ? INT_MAX : bytes.size();
    return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(size)));
}

std::vector<X509Ptr> parse_certificates(std::string_view pem) {
    std::vector<X509Ptr> certificates;
    const BioPtr bio = bio_of(pem);
    ERR_clear_error();
    while (X509* const certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) {
        certificates.emplace_back(certificate);
    }
    const unsigned long end = ERR_peek_last_error();
    const bool is_whole = ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!is_whole) certificates.clear();
    return certificates;
}

KeyPtr parse_key(std::string_view pem, bool& is_encrypted) {
    is_encrypted = false;
    const BioPtr bio = bio_of(pem);
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, &is_encrypted));
    ERR_clear_error();
    return key;
}

std::string name_text(const X509_NAME* name) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
    return drain(bio.get());
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    auto* const all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all, i);
        if (name->type == GEN_DNS) names.push_back(text_of(name->d.dNSName));
        if (name->type == GEN_IPADD) {
            const ASN1_OCTET_STRING* const bytes = name->d.iPAddress;
            names.push_back(ip_text({ASN1_STRING_get0_data(bytes), static_cast<std::size_t>(ASN1_STRING_length(bytes))}));
        }
    }
    GENERAL_NAMES_free(all);
    if (names.empty()) {
        std::string name = common_name(certificate);
        if (!name.empty()) names.push_back(std::move(name));
    }
    return names;
}

std::int64_t unix_time(const ASN1_TIME* time) {
    // Days and seconds from the epoch to the time: no calendar of the system takes part.
    const std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>> epoch(ASN1_TIME_set(nullptr, 0));
    int days = 0;
    int seconds = 0;
    if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return 0;
    return std::int64_t{days} * 86400 + seconds;
}

std::string time_text(const ASN1_TIME* time) {
    tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
    return {text.data(), size};
}

void use_common_settings(SSL_CTX* context, bool only_tls13) {
    SSL_CTX_set_min_proto_version(context, only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_cipher_list(context, ciphers);
    SSL_CTX_set1_groups_list(context, groups);
    // As a server, our order of ciphers, unless the client is one that likes ChaCha20 best because it has no AES in hardware.
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // An idle connection holds no buffer. (SSL_free_buffers would spare busy ones the allocation, but loses the beginning of
    // a record before 3.0.14: CVE-2024-4741.)
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // One call of the system takes in as many records as have come.
    SSL_CTX_set_read_ahead(context, 1);
    ERR_clear_error();
}

bool use_certificate(SSL_CTX* context, std::string_view chain_pem, std::string_view key_pem) {
    const std::vector<X509Ptr> chain = parse_certificates(chain_pem);
    bool is_encrypted = false;
    const KeyPtr key = parse_key(key_pem, is_encrypted);
    if (chain.empty() || !key) return false;
    if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) return false;
    SSL_CTX_clear_chain_certs(context);
    for (std::size_t i = 1; i < chain.size(); ++i) {
        if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) return false;
    }
    return SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
}

}  // namespace sluice::tls
