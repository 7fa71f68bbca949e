#pragma once

#include <memory>

#include "proxy/listener_tls.hpp"
#include "tls/connection.hpp"

namespace sluice::proxy {

/// What is known of a client that came by TLS: through which listener, and what was agreed on.
struct ClientTls {
    std::shared_ptr<const ListenerTls> listener;
    tls::Facts facts;
};

}  // namespace sluice::proxy
