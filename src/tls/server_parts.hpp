#pragma once

// Private to tls/.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tls/openssl.hpp"
#include "tls/server_context.hpp"

namespace sluice::tls {

/// What OpenSSL's callbacks find of a server's context.
struct ServerContext::Parts {
    std::shared_ptr<TicketKeys> keys;
    /// The first one is for who asks for nothing that is there.
    std::vector<ContextPtr> contexts;
    /// By name in lower case, that of a wildcard without its star: ".example.com".
    std::map<std::string, SSL_CTX*, std::less<>> by_name;
    /// Each certificate that has one, and its OCSP response.
    std::vector<std::pair<X509Ptr, std::string>> staples;
    /// "\x08http/1.1" (RFC 7301, 3.1).
    std::string protocols;

    [[nodiscard]] SSL_CTX* find(std::string_view name) const;
};

/// Sets the callbacks by which a context finds its parts again; they outlive it.
void set_server_callbacks(SSL_CTX* context, ServerContext::Parts& parts, bool has_tickets);

}  // namespace sluice::tls
