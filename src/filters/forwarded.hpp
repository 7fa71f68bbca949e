#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/random.hpp"
#include "config/model.hpp"
#include "http/message.hpp"

namespace sluice::filters {

/// The other end of a client connection, judged once when it is accepted.
///
/// Lifetime: `text` is a view into what make_peer was given.
struct Peer {
    /// The address without port and brackets; IPv4 as such, also where it came mapped into IPv6.
    /// "unknown" when the connection has none (a Unix socket).
    std::string_view text = "unknown";
    bool has_address = false;
    /// Its word about whom it forwards for is believed.
    bool is_trusted = false;
};

/// What is known of a request when it is forwarded.
struct ForwardedFacts {
    Peer peer;
    /// "http" or "https": how the client came in.
    std::string_view scheme = "http";
    /// For whom the request was; may be empty.
    std::string_view authority;
    /// The request's version: "1.0", "1.1" or "2".
    std::uint8_t major_version = 1;
    std::uint8_t minor_version = 1;
    std::string_view request_id;
};

/// Tells upstreams whom a request came from: X-Forwarded-*, Forwarded (RFC 7239), Via (RFC
/// 9110, 7.6.3) and the request id. From a trusted peer what is there is kept and extended; from
/// any other it is forged for all we know, so it is removed and replaced by what we have seen
/// ourselves.
///
/// Threading: immutable.
/// Lifetime:  fields that it adds hold views of it, of the facts, and of the arena.
class Forwarded {
public:
    explicit Forwarded(const config::Forwarding& settings);

    /// `address` as the platform prints it, without port; empty for a Unix socket.
    [[nodiscard]] Peer make_peer(std::string_view address) const;

    /// The client's address: the peer's, or when the peer is trusted the right-most address in
    /// X-Forwarded-For that is not trusted. A view into the peer's text or a field.
    [[nodiscard]] std::string_view client_address(const Peer& peer,
                                                  const http::Fields& fields) const;

    /// The id that the client sent when it is sound (1 to 128 letters, digits and ._~+/=-), else a
    /// new one.
    [[nodiscard]] std::string_view request_id(const http::Fields& fields, Arena& arena,
                                              Random& random) const;

    /// Brings a request's fields into the form that goes upstream.
    void apply(http::Fields& fields, const ForwardedFacts& facts, Arena& arena) const;

    [[nodiscard]] std::string_view request_id_header() const { return request_id_header_; }

private:
    [[nodiscard]] bool is_request_id(const http::Field& field) const;
    [[nodiscard]] bool trusts(const config::Network& address) const;

    std::vector<config::Network> trusted_;
    bool trusts_unix_ = false;
    bool x_forwarded_;
    bool forwarded_;
    /// "1.0 name" and "1.1 name"; empty when no Via is sent.
    /// For "1.0", "1.1" and "2".
    std::string via_[3];
    std::string request_id_header_;
    http::FieldId request_id_field_;
};

}  // namespace sluice::filters
