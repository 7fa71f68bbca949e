#pragma once

#include "http/message.hpp"

namespace sluice::filters {

/// What the removed fields said that a later step may want.
struct HopByHop {
    /// TE named trailers: the sender takes trailer fields (RFC 9110, 10.1.4). Whoever passes that
    /// on sends "TE: trailers" and "Connection: TE" of its own.
    bool takes_trailers = false;
    /// Connection named more fields than are honoured: no sound peer does that, so the message may
    /// be refused.
    bool too_many_options = false;
};

/// Removes the fields that are meant for this connection alone (RFC 9110, 7.6.1): Connection,
/// Keep-Alive, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization, TE, Transfer-Encoding,
/// Upgrade, and those that Connection names. Trailer stays (6.6.2: it describes the message).
/// Connection cannot remove Content-Length, Host, or what the gateway itself vouches for
/// (Forwarded, X-Forwarded-*, Via).
HopByHop remove_hop_by_hop(http::Fields& fields);

}  // namespace sluice::filters
