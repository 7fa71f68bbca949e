// What OpenSSL asks a server in the middle of a handshake.

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/text.hpp"
#include "tls/server_parts.hpp"

namespace sluice::tls {
namespace {

ServerContext::Parts& parts_of(void* argument) { return *static_cast<ServerContext::Parts*>(argument); }

/// The certificate by the name that the client asks for (RFC 6066, 3).
int choose_certificate(SSL* ssl, int*, void* argument) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX* const context = parts_of(argument).find(name);
    if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
}

/// The protocol above TLS. Who offers none of ours is told so (RFC 7301, 3.2).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void* argument) {
    const std::string& ours = parts_of(argument).protocols;
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                            static_cast<unsigned>(ours.size()), offered, offered_size);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/// What the certificate's authority says of it (RFC 6066, 8).
int staple(SSL* ssl, void* argument) {
    const X509* const shown = SSL_get_certificate(ssl);
    for (const auto& [certificate, response] : parts_of(argument).staples) {
        if (shown == nullptr || X509_cmp(certificate.get(), shown) != 0) continue;
        void* const copy = OPENSSL_memdup(response.data(), response.size());
        if (copy == nullptr) break;
        SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<int>(response.size()));
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

bool prepare(const TicketKeys::Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypts) {
    char digest[] = "sha256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, encrypts) == 1 &&
           EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

/// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 is "no such key", 2 "a good ticket, but give a new one".
int protect_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypts) {
    // The first context's: a client may have asked for another name since.
    TicketKeys& keys = *parts_of(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl))).keys;
    if (encrypts == 1) {
        const auto key = keys.newest();
        if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
        std::ranges::copy(key->name, name);
        return prepare(*key, iv, cipher, mac, 1) ? 1 : -1;
    }
    const auto found = keys.find({name, 16});
    if (!found) return 0;
    if (!prepare(found->key, iv, cipher, mac, 0)) return -1;
    // With TLS 1.3 a ticket is for one use (RFC 8446, C.4): without a new one a client could go on only once.
    return found->is_old || SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1;
}

}  // namespace

SSL_CTX* ServerContext::Parts::find(std::string_view name) const {
    const std::string wanted = to_lower(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
    const auto exact = by_name.find(wanted);
    if (exact != by_name.end()) return exact->second;
    const std::size_t dot = wanted.find('.');
    if (dot == std::string::npos) return nullptr;
    const auto wildcard = by_name.find(std::string_view(wanted).substr(dot));
    return wildcard != by_name.end() ? wildcard->second : nullptr;
}

void set_server_callbacks(SSL_CTX* context, ServerContext::Parts& parts, bool has_tickets) {
    SSL_CTX_set_app_data(context, &parts);
    // What the macros for these do, but for a cast that is not C++'s.
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(choose_certificate));
    SSL_CTX_set_tlsext_servername_arg(context, &parts);
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, reinterpret_cast<void (*)()>(staple));
    SSL_CTX_set_tlsext_status_arg(context, &parts);
    if (!parts.protocols.empty()) SSL_CTX_set_alpn_select_cb(context, choose_protocol, &parts);
    if (has_tickets) SSL_CTX_set_tlsext_ticket_key_evp_cb(context, protect_ticket);
}

}  // namespace sluice::tls
