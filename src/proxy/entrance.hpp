#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/listener_tls.hpp"
#include "proxy/local_service.hpp"
#include "tls/connection.hpp"

namespace sluice::proxy {

/// Which listener a connection came through; never used twice.
using ListenerId = std::uint32_t;

/// How a connection came in.
struct Entrance {
    /// With it the client has to speak TLS.
    std::shared_ptr<const ListenerTls> tls;
    /// With a handler the connection is one of the gateway's own services instead of being proxied.
    const LocalHandler* local = nullptr;
    /// What was agreed on with a client that speaks TLS; nullptr without.
    std::unique_ptr<const tls::Facts> facts = nullptr;
    ListenerId listener = 0;
    bool redirects_to_https = false;

    /// What its sessions, one after the other, were told: its worker goes away, its listener does.
    bool is_retired = false;
    bool is_leaving = false;
    /// The gateway stops.
    bool is_draining = false;

    /// How the client came in: "http" or "https".
    [[nodiscard]] std::string_view scheme() const { return tls ? "https" : "http"; }
};

}  // namespace sluice::proxy
