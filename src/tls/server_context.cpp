#include "tls/server_context.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "tls/server_parts.hpp"

namespace sluice::tls {
namespace {

using Settings = ServerSettings;

/// Places of certificates that are shown for the same names: one of each kind of key.
using Group = std::vector<std::size_t>;

/// The name as `Parts::by_name` has it.
std::string key_of(std::string_view name) {
    if (name.starts_with("*.")) name.remove_prefix(1);
    return to_lower(name);
}

struct Parsed {
    std::vector<std::string> names;
    int kind = 0;
};

Result<std::vector<Parsed>> parse(const Settings& settings) {
    std::vector<Parsed> all;
    for (const Settings::Certificate& certificate : settings.certificates) {
        const std::vector<X509Ptr> chain = parse_certificates(certificate.chain_pem);
        if (chain.empty()) return fail(system_error("a certificate can't be read", {}));
        std::vector<std::string> names = certificate.names.empty() ? names_of(chain.front().get()) : certificate.names;
        all.push_back({std::move(names), EVP_PKEY_get_base_id(X509_get0_pubkey(chain.front().get()))});
    }
    return all;
}

/// Where names overlap the earlier certificate wins, kind by kind.
std::map<std::string, Group> group(const std::vector<Parsed>& all) {
    std::map<std::string, Group> groups;
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (const std::string& name : all[i].names) {
            Group& same = groups[key_of(name)];
            const auto is_same_kind = [&](std::size_t other) { return all[other].kind == all[i].kind; };
            if (std::ranges::none_of(same, is_same_kind)) same.push_back(i);
        }
    }
    return groups;
}

/// With a ticket a client would come in long after its certificate has expired, and after the certificate's authority is no longer trusted:
/// nobody looks at it again.
bool gives_tickets(const Settings& settings) {
    return settings.tickets && settings.client_certificates == Settings::ClientCertificates::None;
}

/// A client goes on only with sessions that were begun under the same rules.
void set_session_rules(SSL_CTX* context, const Settings& settings) {
    const std::string rules = std::to_string(static_cast<int>(settings.client_certificates)) + settings.authorities_pem;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(rules.data(), rules.size(), digest.data(), &size, EVP_sha256(), nullptr);
    SSL_CTX_set_session_id_context(context, digest.data(), std::min(size, unsigned{SSL_MAX_SID_CTX_LENGTH}));
    // Workers share keys of tickets, not a store of sessions.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (gives_tickets(settings)) return;
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
}

bool ask_clients(SSL_CTX* context, const Settings& settings) {
    if (settings.client_certificates == Settings::ClientCertificates::None) return true;
    const bool is_required = settings.client_certificates == Settings::ClientCertificates::Required;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    const std::vector<X509Ptr> authorities = parse_certificates(settings.authorities_pem);
    for (const X509Ptr& authority : authorities) {
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1) return false;
        if (SSL_CTX_add_client_CA(context, authority.get()) != 1) return false;
    }
    return !authorities.empty();
}

ContextPtr make_context(const Settings& settings, const Group& certificates) {
    ContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (!context) return nullptr;
    use_common_settings(context.get(), settings.only_tls13);
    set_session_rules(context.get(), settings);
    if (!ask_clients(context.get(), settings)) return nullptr;
    for (const std::size_t i : certificates) {
        const Settings::Certificate& certificate = settings.certificates[i];
        if (!use_certificate(context.get(), certificate.chain_pem, certificate.key_pem)) return nullptr;
    }
    return context;
}

std::string protocol_list(const std::vector<std::string>& protocols) {
    std::string list;
    for (const std::string& protocol : protocols) {
        list += static_cast<char>(protocol.size());
        list += protocol;
    }
    return list;
}

}  // namespace

ServerContext::ServerContext(const ServerSettings& settings, std::shared_ptr<TicketKeys> keys)
    : settings_(settings), parts_(std::make_unique<Parts>()) {
    parts_->keys = std::move(keys);
    parts_->protocols = protocol_list(settings.protocols);
}

ServerContext::~ServerContext() = default;

Result<std::shared_ptr<const ServerContext>> ServerContext::make(const ServerSettings& settings,
                                                                 std::shared_ptr<TicketKeys> keys) {
    if (settings.certificates.empty()) return fail(system_error("there is no certificate", {}));
    auto parsed = parse(settings);
    if (!parsed) return fail(std::move(parsed.error()));
    const std::map<std::string, Group> groups = group(*parsed);
    const std::shared_ptr<ServerContext> made(new ServerContext(settings, std::move(keys)));
    Parts& parts = *made->parts_;
    std::map<Group, SSL_CTX*> by_group;
    const auto context_of = [&](const Group& certificates) -> SSL_CTX* {
        SSL_CTX*& context = by_group[certificates];
        if (context != nullptr) return context;
        ContextPtr next = make_context(settings, certificates);
        if (!next) return nullptr;
        set_server_callbacks(next.get(), parts, gives_tickets(settings));
        context = next.get();
        parts.contexts.push_back(std::move(next));
        return context;
    };
    const std::vector<std::string>& first_names = parsed->front().names;
    const Group first = first_names.empty() ? Group{0} : groups.at(key_of(first_names.front()));
    if (context_of(first) == nullptr) return fail(system_error("a certificate can't be used: " + take_reason(), {}));
    for (const auto& [name, certificates] : groups) {
        SSL_CTX* const context = context_of(certificates);
        if (context == nullptr) return fail(system_error("the certificate for " + name + " can't be used: " + take_reason(), {}));
        parts.by_name.emplace(name, context);
    }
    for (const ServerSettings::Certificate& certificate : settings.certificates) {
        if (certificate.staple_der.empty()) continue;
        parts.staples.emplace_back(std::move(parse_certificates(certificate.chain_pem).front()), certificate.staple_der);
    }
    return made;
}

std::unique_ptr<Connection> ServerContext::open(Wire& wire) const {
    SSL* const ssl = SSL_new(parts_->contexts.front().get());
    if (ssl == nullptr) return nullptr;
    SSL_set_accept_state(ssl);
    return std::unique_ptr<Connection>(new Connection(ssl, wire, shared_from_this(), true));
}

}  // namespace sluice::tls
