#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "filters/forwarded.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "platform/socket.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/client_link.hpp"
#include "proxy/local_service.hpp"
#include "proxy/request_reader.hpp"
#include "proxy/scratch.hpp"
#include "proxy/session.hpp"

namespace sluice::proxy {

class Exchange;

/// One client connection with HTTP/1.x: reads heads, hands each request to an exchange, keeps the connection or
/// closes it. It knows no upstream.
class Http1Session final : public Session, private ClientLink {
public:
    /// What becomes of the connection.
    enum class End : std::uint8_t {
        Close,
        /// The client has sent the preface of HTTP/2 in the place of a first request (RFC 9113, 3.3).
        Http2,
    };

    Http1Session(WorkerState& state, net::Stream& stream, const platform::Peer& peer, Entrance& entrance);

    [[nodiscard]] net::Task<End> run();
    /// What has been read after run() has ended with Http2, from the preface on.
    [[nodiscard]] std::string_view bytes_read() const;

    void count(Usage& usage) const override;
    void follow() override;
    void retire() override;
    void leave_listener() override;
    void drain() override;
    void cut() override;

private:
    [[nodiscard]] WorkerState& state() override { return state_; }
    [[nodiscard]] const filters::Peer& client() const override { return client_; }
    [[nodiscard]] const Entrance& entrance() const override { return entrance_; }
    [[nodiscard]] std::size_t head_bytes() const override { return reader_.head().size(); }
    [[nodiscard]] std::uint64_t bytes_written() const override { return stream_.bytes_written(); }
    [[nodiscard]] bool is_draining() const override { return entrance_.is_draining; }
    [[nodiscard]] bool is_leaving() const override { return entrance_.is_leaving; }
    void watch(net::StreamWatcher* watcher) override { stream_.watch(watcher); }
    void unwatch() override { stream_.unwatch(); }
    [[nodiscard]] bool has_left() override { return stream_.peer_has_closed(); }
    void abort() override { stream_.abort(); }
    void allow_pauses(Duration) override {}
    void refuse_waits() override { stream_.refuse_waits(); }
    void cancel_read() override { stream_.cancel_read(); }
    void reset_on_close() override { stream_.reset_on_close(); }
    [[nodiscard]] TunnelSide& tunnel_side(StreamSide& plain) override { return plain.use(stream_); }
    [[nodiscard]] bool must_switch() const override { return false; }

    [[nodiscard]] net::Task<bool> serve();
    [[nodiscard]] net::Task<bool> discard(BodyReader& body, bool expects_continue);
    [[nodiscard]] net::Task<void> refuse(const Error& error);

    net::Stream& stream_;
    std::string peer_text_;
    filters::Peer client_;
    RequestReader reader_;
    Entrance& entrance_;
    Exchange* exchange_ = nullptr;
    std::uint32_t requests_ = 0;
};

}  // namespace sluice::proxy
