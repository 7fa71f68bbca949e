#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "tls/connection.hpp"

namespace sluice::net {

class StreamCore;

/// What a stream has when it speaks TLS: the connection, and records that the system has not taken yet.
///
/// What a call of OpenSSL writes is collected in a buffer of the worker's and sent by one call of the system, mostly whole;
/// only the rest is copied to here. So an idle connection holds no buffer of ours. What the end of a server's handshake writes
/// (tickets) waits here for what is written next, and goes alone only when the client is waited for.
///
/// Lifetime: as long as the core has an operation of the system's under way.
struct StreamTls final : public tls::Wire {
    enum class Role : std::uint8_t { Server, Client };
    StreamTls(StreamCore& the_core, Role the_role) : core(the_core), role(the_role) {}

    std::ptrdiff_t receive(std::span<char> space) override;
    void send(std::string_view bytes) override;

    /// What one call may read, so that a peer that sends more messages than data does not hold the worker.
    static constexpr std::size_t turn_bytes = std::size_t{128} * 1024;
    /// Answers to what is no data that a peer may leave unread.
    static constexpr std::size_t most_unsent = std::size_t{128} * 1024;
    [[nodiscard]] std::size_t unsent() const;

    /// Gives back the memory of what has been sent.
    void release() {
        if (pending.empty() && pending.capacity() > 64) std::string().swap(pending);
        if (queued.empty() && queued.capacity() > 64) std::string().swap(queued);
    }

    StreamCore& core;
    Role role;
    std::unique_ptr<tls::Connection> connection;
    /// Records to send, from `sent` on. While the system has them they stay where they are, and others are queued.
    std::string pending;
    std::size_t sent = 0;
    std::string queued;
    /// The last read from the socket has emptied it: what comes then has an event of its own.
    bool is_socket_empty = false;
    std::size_t budget = turn_bytes;
    /// Why records can't be sent any more.
    std::error_code send_error;
    /// What is pending has not been tried: it may wait for more.
    bool is_held = false;
    /// The next write is the last one.
    bool ends_with_write = false;
    /// The end of sending comes behind what is pending.
    bool ends_after = false;
};

}  // namespace sluice::net
