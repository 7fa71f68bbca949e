#include "tls/client_context.hpp"

#include <atomic>
#include <utility>

#include "platform/trust_store.hpp"
#include "tls/openssl.hpp"
#include "tls/verify.hpp"

namespace sluice::tls {

struct ClientContext::Parts {
    ContextPtr context;
    /// Tells sessions of this context from others'.
    std::uint64_t id = 0;

    /// The server has given a ticket: 1 takes over the session.
    static int keep_session(SSL* ssl, SSL_SESSION* session) {
        return static_cast<Connection*>(SSL_get_app_data(ssl))->keep_session(session) ? 1 : 0;
    }
};

namespace {

std::atomic<std::uint64_t> last_id{0};

void add_authorities(X509_STORE* store, const std::vector<X509Ptr>& authorities) {
    for (const X509Ptr& authority : authorities) X509_STORE_add_cert(store, authority.get());
}

void trust_system(SSL_CTX* context) {
    const platform::TrustStore trusted = platform::system_trust();
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    if (trusted.uses_library_paths) SSL_CTX_set_default_verify_paths(context);
    if (!trusted.pem_file.empty()) X509_STORE_load_file(store, trusted.pem_file.c_str());
    for (const std::string& der : trusted.certificates) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
        const X509Ptr authority(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
        if (authority) X509_STORE_add_cert(store, authority.get());
    }
}

bool is_address(const std::string& host) {
    const std::unique_ptr<ASN1_OCTET_STRING, FreeBy<ASN1_OCTET_STRING_free>> bytes(a2i_IPADDRESS(host.c_str()));
    return bytes != nullptr;
}

/// The name that the server has to prove (RFC 6125), which it is asked for unless it is an address (RFC 6066, 3). False when it can't
/// be set: without one no name would be checked.
bool set_name(SSL* ssl, const std::string& name) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
    if (is_address(name)) return X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (name.empty() || X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size()) != 1) return false;
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str())) == 1;
}

}  // namespace

ClientContext::ClientContext(const ClientSettings& settings) : settings_(settings), parts_(std::make_unique<Parts>()) {}

ClientContext::~ClientContext() = default;

bool ClientContext::set_trust() {
    SSL_CTX* const context = parts_->context.get();
    if (!settings_.verify) {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
        return true;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, note_verify_failure);
    if (settings_.authorities_pem.empty()) {
        trust_system(context);
        return true;
    }
    const std::vector<X509Ptr> authorities = parse_certificates(settings_.authorities_pem);
    add_authorities(SSL_CTX_get_cert_store(context), authorities);
    // What the file names is trusted, also where it is no root: one server's certificate alone can be given.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return !authorities.empty();
}

Result<std::shared_ptr<const ClientContext>> ClientContext::make(const ClientSettings& settings) {
    const std::shared_ptr<ClientContext> made(new ClientContext(settings));
    made->parts_->id = ++last_id;
    made->parts_->context.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const context = made->parts_->context.get();
    if (context == nullptr) return fail(system_error("there is no memory for TLS", {}));
    use_common_settings(context, false);
    if (!made->set_trust()) return fail(system_error("the authorities can't be read", {}));
    if (!settings.chain_pem.empty() && !use_certificate(context, settings.chain_pem, settings.key_pem)) {
        return fail(system_error("the client's certificate can't be used: " + take_reason(), {}));
    }
    // Kept in slots alone.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, Parts::keep_session);
    std::string protocols;
    for (const std::string& protocol : settings.protocols) protocols += static_cast<char>(protocol.size()) + protocol;
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()), static_cast<unsigned>(protocols.size()));
    ERR_clear_error();
    return made;
}

std::unique_ptr<Connection> ClientContext::open(Wire& wire, const ClientTarget& target, std::shared_ptr<SessionSlot> slot) const {
    SSL* const ssl = SSL_new(parts_->context.get());
    if (ssl == nullptr) return nullptr;
    SSL_set_connect_state(ssl);
    const std::string& name = settings_.server_name.empty() ? target.host : settings_.server_name;
    if (!set_name(ssl, name) && settings_.verify) {
        SSL_free(ssl);
        return nullptr;
    }
    if (slot) {
        // A session begun under other rules would not be checked by these.
        if (slot->context_ != parts_->id) slot->clear();
        slot->context_ = parts_->id;
        if (slot->session_ != nullptr) SSL_set_session(ssl, slot->session_);
    }
    std::unique_ptr<Connection> connection(new Connection(ssl, wire, shared_from_this(), false));
    connection->slot_ = std::move(slot);
    connection->context_id_ = parts_->id;
    connection->peer_ = target.peer;
    connection->wanted_name_ = name;
    return connection;
}

}  // namespace sluice::tls
