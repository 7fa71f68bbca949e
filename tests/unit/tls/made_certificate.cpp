#include "unit/tls/made_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>

namespace sluice::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

template <typename Write>
std::string pem_of(const Write& write) {
    BIO* const bio = BIO_new(BIO_s_mem());
    REQUIRE(write(bio) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

template <typename T, typename Read>
T* from_pem(const std::string& pem, const Read& read) {
    BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    T* const object = read(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    REQUIRE(object != nullptr);
    return object;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Certificate begin(EVP_PKEY* key, const std::string& name, int days) {
    static long serial = 1;
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86400L * (std::abs(days) + 1));
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400L * days);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return certificate;
}

MadeCertificate finish(X509* certificate, EVP_PKEY* key) {
    return {pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); }),
            pem_of([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); })};
}

Key make_key(KeyKind kind) {
    // EVP_PKEY_Q_keygen takes the size as size_t and the curve as a text.
    EVP_PKEY* const key = kind == KeyKind::Rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                                               : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    REQUIRE(key != nullptr);
    return {key, EVP_PKEY_free};
}

}  // namespace

MadeCertificate make_authority(const std::string& name) {
    const Key key = make_key(KeyKind::Ec);
    const Certificate certificate = begin(key.get(), name, 3650);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    return finish(certificate.get(), key.get());
}

MadeCertificate make_certificate(const MadeCertificate& authority, const std::vector<std::string>& names, KeyKind kind, int days) {
    const Certificate issuer(from_pem<X509>(authority.certificate, PEM_read_bio_X509), X509_free);
    const Key signer(from_pem<EVP_PKEY>(authority.key, PEM_read_bio_PrivateKey), EVP_PKEY_free);
    const Key key = make_key(kind);
    const Certificate certificate = begin(key.get(), names.front(), days);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "DNS:" : ",DNS:") + name;
    add_extension(certificate.get(), NID_subject_alt_name, all);
    REQUIRE(X509_sign(certificate.get(), signer.get(), EVP_sha256()) > 0);
    return finish(certificate.get(), key.get());
}

}  // namespace sluice::test
