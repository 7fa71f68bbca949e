#pragma once

#include "net/stream.hpp"
#include "net/task.hpp"
#include "platform/socket.hpp"
#include "proxy/entrance.hpp"
#include "proxy/session.hpp"

namespace sluice::proxy {

/// The beginning of a connection with a client that has to speak TLS, until both have agreed on the protocol
/// that comes after it.
class TlsHandshake final : public Session {
public:
    static void begin(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance);

    void count(Usage& usage) const override;
    void follow() override {}
    // Told to the session that follows.
    void retire() override { entrance_.is_retired = true; }
    void leave_listener() override { entrance_.is_leaving = true; }
    void drain() override { stream_.abort(); }
    void cut() override;

private:
    using Session::Session;

    [[nodiscard]] net::Task<void> run();
    void pass_on();
    void count_handshake(const Result<void>& done);
    [[nodiscard]] net::Task<void> refuse_plain_http();
};

}  // namespace sluice::proxy
