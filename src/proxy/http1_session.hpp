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
/// closes it. It knows no upstream. While it is idle there is no more of it than this object and the frame of `run`.
class Http1Session final : public Session, private ClientLink {
public:
    static void begin(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance);

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
    [[nodiscard]] std::size_t head_bytes() const override { return reader_->head().size(); }
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

    Http1Session(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance);

    enum class Served : std::uint8_t { Nothing, Requests, Last };
    [[nodiscard]] net::Task<void> run();
    [[nodiscard]] net::Task<Served> serve_input();
    void pass_on();
    [[nodiscard]] net::Task<bool> serve();
    [[nodiscard]] net::Task<bool> discard(BodyReader& body, bool expects_continue);
    [[nodiscard]] net::Task<void> refuse(const Error& error);

    std::string peer_text_;
    filters::Peer client_;
    /// Of the requests that are served now; nullptr while the connection is idle.
    RequestReader* reader_ = nullptr;
    Exchange* exchange_ = nullptr;
    std::uint32_t requests_ = 0;
};

}  // namespace sluice::proxy
