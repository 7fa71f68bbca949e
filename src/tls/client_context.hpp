#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tls/connection.hpp"

namespace sluice::tls {

/// What a client asks of servers and shows them. Texts of files.
struct ClientSettings {
    /// Whether the server has to prove that it is who it should be.
    bool verify = true;
    /// Whom to trust; empty takes those whom the system trusts.
    std::string authorities_pem;
    /// The name that servers are asked for and have to prove, instead of that of the target.
    std::string server_name;
    /// The client's own certificate; may be empty.
    std::string chain_pem;
    std::string key_pem;
    /// For ALPN (RFC 7301).
    std::vector<std::string> protocols;
    bool operator==(const ClientSettings&) const = default;
};

/// Whom a client connects to.
struct ClientTarget {
    /// A DNS name, or an IP address without brackets.
    std::string host;
    /// For messages: "10.0.0.5:443".
    std::string peer;
};

/// Everything that the client side of handshakes needs, made ready once.
///
/// Threading: immutable; any thread.
/// Failure:   code System with the reason.
class ClientContext : public std::enable_shared_from_this<ClientContext> {
public:
    [[nodiscard]] static Result<std::shared_ptr<const ClientContext>> make(const ClientSettings& settings);
    ClientContext(const ClientContext&) = delete;
    ClientContext& operator=(const ClientContext&) = delete;
    ~ClientContext();

    /// The client's end of a connection; nullptr when there is no memory for one. It goes on with the session of the slot,
    /// if that was begun under this context, and leaves its own there.
    [[nodiscard]] std::unique_ptr<Connection> open(Wire& wire, const ClientTarget& target,
                                                   std::shared_ptr<SessionSlot> slot) const;

    [[nodiscard]] const ClientSettings& settings() const { return settings_; }

private:
    struct Parts;

    explicit ClientContext(const ClientSettings& settings);
    [[nodiscard]] bool set_trust();

    ClientSettings settings_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::tls
