// What every system's OpenSSL must be able to do, wherever it came from: the rest of TLS rests on
// it.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace {

struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* connection) const { SSL_free(connection); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* bytes) const { BIO_free(bytes); }
};
template <typename Object>
using Owned = std::unique_ptr<Object, Free>;

/// A certificate for "localhost" that the key itself has signed, valid for a day.
Owned<X509> self_signed(EVP_PKEY* key, const EVP_MD* digest) {
    Owned<X509> certificate(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
    X509_set_version(certificate.get(), X509_VERSION_3);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    const std::string_view host = "localhost";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(host.data()),
                               static_cast<int>(host.size()), -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    REQUIRE(X509_sign(certificate.get(), key, digest) > 0);
    return certificate;
}

Owned<SSL_CTX> server_context(EVP_PKEY* key, const EVP_MD* digest, int version) {
    Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
    REQUIRE(context);
    const auto certificate = self_signed(key, digest);
    REQUIRE(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context.get(), key) == 1);
    REQUIRE(SSL_CTX_check_private_key(context.get()) == 1);
    REQUIRE(SSL_CTX_set_min_proto_version(context.get(), version) == 1);
    REQUIRE(SSL_CTX_set_max_proto_version(context.get(), version) == 1);
    return context;
}

struct Pair {
    Owned<SSL> client;
    Owned<SSL> server;
};

/// A client and a server that have shaken hands in memory; the client offers the session if there
/// is one.
Pair shake_hands(SSL_CTX* client, SSL_CTX* server, SSL_SESSION* session) {
    Pair pair{Owned<SSL>(SSL_new(client)), Owned<SSL>(SSL_new(server))};
    BIO* near_end = nullptr;
    BIO* far_end = nullptr;
    REQUIRE(BIO_new_bio_pair(&near_end, 0, &far_end, 0) == 1);
    SSL_set_bio(pair.client.get(), near_end, near_end);
    SSL_set_bio(pair.server.get(), far_end, far_end);
    SSL_set_connect_state(pair.client.get());
    SSL_set_accept_state(pair.server.get());
    if (session != nullptr) {
        REQUIRE(SSL_set_session(pair.client.get(), session) == 1);
    }
    int client_done = 0;
    int server_done = 0;
    for (int step = 0; step < 10 && (client_done != 1 || server_done != 1); ++step) {
        client_done = SSL_do_handshake(pair.client.get());
        server_done = SSL_do_handshake(pair.server.get());
    }
    REQUIRE(client_done == 1);
    REQUIRE(server_done == 1);
    // TLS 1.3 sends its tickets after the handshake: the client reads them with the first bytes.
    char byte = 'x';
    REQUIRE(SSL_write(pair.server.get(), &byte, 1) == 1);
    REQUIRE(SSL_read(pair.client.get(), &byte, 1) == 1);
    return pair;
}

Owned<SSL_CTX> client_context() {
    Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
    REQUIRE(context);
    return context;
}

Owned<EVP_PKEY> read_key(std::string_view pem, std::string passphrase) {
    Owned<BIO> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Owned<EVP_PKEY>(
        PEM_read_bio_PrivateKey(bytes.get(), nullptr, nullptr, passphrase.data()));
}

}  // namespace

TEST_CASE(
    "the OpenSSL that is linked is 3.0 or newer, and not older than the headers that were compiled "
    "against",
    "[tls]") {
    CHECK(OPENSSL_version_major() >= 3);
    CHECK(OPENSSL_version_major() == OPENSSL_VERSION_MAJOR);
    CHECK(OpenSSL_version_num() >= OPENSSL_VERSION_NUMBER);
}

TEST_CASE("OpenSSL makes a TLS 1.3 server context with an ECDSA key", "[tls]") {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    REQUIRE(key);
    CHECK(server_context(key.get(), EVP_sha256(), TLS1_3_VERSION));
}

TEST_CASE(
    "OpenSSL has security level 2 as its default: a certificate with an RSA key of 1,024 bits is "
    "refused",
    "[tls]") {
    const Owned<EVP_PKEY> key(EVP_RSA_gen(1024));
    REQUIRE(key);
    const auto certificate = self_signed(key.get(), EVP_sha256());
    const Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
    CHECK(SSL_CTX_get_security_level(context.get()) == 2);
    CHECK(SSL_CTX_use_certificate(context.get(), certificate.get()) == 0);
    ERR_clear_error();
}

TEST_CASE(
    "OpenSSL shakes hands with every kind of key over TLS 1.2 and 1.3, and resumes the session",
    "[tls]") {
    const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const std::string kind = GENERATE("P-256", "P-384", "P-521", "RSA", "ED25519");
    CAPTURE(version, kind);
    Owned<EVP_PKEY> key;
    if (kind == "RSA") {
        key.reset(EVP_RSA_gen(2048));
    } else if (kind == "ED25519") {
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    } else {
        key.reset(EVP_EC_gen(kind.c_str()));
    }
    REQUIRE(key);
    const auto server =
        server_context(key.get(), kind == "ED25519" ? nullptr : EVP_sha256(), version);
    const auto client = client_context();

    const auto first = shake_hands(client.get(), server.get(), nullptr);
    CHECK(SSL_version(first.client.get()) == version);
    CHECK(SSL_session_reused(first.client.get()) == 0);
    const Owned<SSL_SESSION> session(SSL_get1_session(first.client.get()));
    SSL_shutdown(first.client.get());
    SSL_shutdown(first.server.get());

    const auto second = shake_hands(client.get(), server.get(), session.get());
    CHECK(SSL_session_reused(second.client.get()) == 1);
}

TEST_CASE("OpenSSL agrees on each cipher and group that the gateway offers", "[tls]") {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const auto server = server_context(key.get(), EVP_sha256(), TLS1_3_VERSION);
    const auto client = client_context();
    const std::string cipher = GENERATE("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                        "TLS_CHACHA20_POLY1305_SHA256");
    const std::string group = GENERATE("X25519", "P-256", "P-384");
    CAPTURE(cipher, group);
    REQUIRE(SSL_CTX_set_ciphersuites(client.get(), cipher.c_str()) == 1);
    REQUIRE(SSL_CTX_set1_groups_list(client.get(), group.c_str()) == 1);

    const auto pair = shake_hands(client.get(), server.get(), nullptr);
    CHECK(cipher == SSL_get_cipher_name(pair.client.get()));
}

TEST_CASE(
    "OpenSSL reads a private key that is encrypted with AES, and refuses it without the passphrase",
    "[tls]") {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<BIO> bytes(BIO_new(BIO_s_mem()));
    std::string passphrase = "secret";
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(bytes.get(), key.get(), EVP_aes_256_cbc(),
                                          passphrase.data(), static_cast<int>(passphrase.size()),
                                          nullptr, nullptr) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bytes.get(), &data);
    const std::string pem(data, static_cast<std::size_t>(size));
    CHECK(pem.find("ENCRYPTED") != std::string::npos);

    const auto read = read_key(pem, passphrase);
    REQUIRE(read);
    CHECK(EVP_PKEY_eq(read.get(), key.get()) == 1);
    CHECK_FALSE(read_key(pem, "wrong"));
    ERR_clear_error();
}
