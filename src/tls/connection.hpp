#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tls/wire.hpp"

struct ssl_st;
struct ssl_session_st;
struct x509_store_ctx_st;

namespace sluice::tls {

/// What both sides have agreed on.
struct Facts {
    /// "TLSv1.3".
    std::string version;
    std::string cipher;
    /// The name that the client asked for (RFC 6066, 3); may be empty.
    std::string server_name;
    /// The protocol above TLS (RFC 7301); empty when none was agreed on.
    std::string protocol;
    /// Of the client's certificate, which was verified; both empty when it has shown none. RFC 4514, and SHA-256 in lower hex.
    std::string client_subject;
    std::string client_fingerprint;
    /// An earlier session goes on: no certificates were sent.
    bool is_resumed = false;
};

/// The session that a client may go on with when it connects again to the same place.
///
/// Threading: one thread at a time.
class SessionSlot {
public:
    SessionSlot() = default;
    SessionSlot(const SessionSlot&) = delete;
    SessionSlot& operator=(const SessionSlot&) = delete;
    ~SessionSlot();

    [[nodiscard]] bool empty() const { return session_ == nullptr; }
    void clear();

private:
    friend class Connection;
    friend class ClientContext;
    ssl_session_st* session_ = nullptr;
    /// Under which it was begun.
    std::uint64_t context_ = 0;
};

/// One end of a TLS connection (RFC 8446, RFC 5246). It has no socket: records come from a wire and go to it.
///
/// Threading: one thread.
/// Lifetime:  made by a context, which it keeps; the wire outlives it.
/// Failure:   after Failed or Truncated no call does anything more; `reason` tells why, in words.
class Connection {
public:
    enum class Status : std::uint8_t {
        Done,
        /// Come again when the wire has more.
        WantsInput,
        /// The peer has said that it sends nothing more (close_notify, RFC 8446, 6.1).
        Closed,
        /// The wire ended without such a word: what came may be less than was sent.
        Truncated,
        Failed
    };
    struct Outcome {
        Status status = Status::Done;
        std::size_t bytes = 0;
    };

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Goes on with the handshake; Done when it is over.
    [[nodiscard]] Outcome handshake();
    [[nodiscard]] Outcome read(std::span<char> space);
    /// Whether `read` would have something: Done when it would. Takes in what is no data, such as tickets.
    [[nodiscard]] Outcome peek();
    /// Takes at least one byte unless it fails: one record of up to 16 KiB or several.
    [[nodiscard]] Outcome write(std::string_view bytes);
    /// Tells the peer that nothing more comes, once; what it sends can still be read.
    void shutdown();

    /// Bytes are at hand that need no wire, though perhaps only a part of a record.
    [[nodiscard]] bool has_pending() const;
    [[nodiscard]] bool is_established() const { return is_established_; }
    /// The client speaks HTTP without TLS. Known after a failed handshake.
    [[nodiscard]] bool is_plain_http() const { return is_plain_http_; }
    [[nodiscard]] const std::string& reason() const { return reason_; }
    /// After the handshake.
    [[nodiscard]] Facts facts() const;

private:
    friend class ServerContext;
    friend class ClientContext;
    friend int note_verify_failure(int is_good, x509_store_ctx_st* check);
    struct Bio;

    Connection(ssl_st* ssl, Wire& wire, std::shared_ptr<const void> context, bool is_server);
    [[nodiscard]] Outcome judge(int result);
    [[nodiscard]] Outcome fail_with(Status status, std::string reason);
    /// True when the session is the slot's now.
    [[nodiscard]] bool keep_session(ssl_session_st* session);
    void add_client_certificate(Facts& facts) const;

    ssl_st* ssl_;
    Wire& wire_;
    std::shared_ptr<const void> context_;
    std::shared_ptr<SessionSlot> slot_;
    /// Of the context, for the slot.
    std::uint64_t context_id_ = 0;
    /// Whom a client has connected to, for messages: "10.0.0.5:443".
    std::string peer_;
    std::string wanted_name_;
    std::string reason_;
    /// What the check of the peer's certificate found, in words.
    std::string verify_reason_;
    bool is_server_;
    bool is_established_ = false;
    bool has_input_ = false;
    bool has_ended_ = false;
    bool has_failed_ = false;
    bool is_shut_ = false;
    bool is_plain_http_ = false;
};

}  // namespace sluice::tls
