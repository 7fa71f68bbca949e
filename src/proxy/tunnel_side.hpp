#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/bytes.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace sluice::proxy {

/// One of the two peers that a tunnel joins, as it is reached: a whole connection, or one stream of HTTP/2 (RFC 8441).
///
/// Threading: one worker; at most one coroutine reads and one writes.
/// Lifetime:  outlives the tunnel.
/// Failure:   Closed, Cancelled (abort), TimedOut (a write that stalls).
class TunnelSide {
public:
    TunnelSide(const TunnelSide&) = delete;
    TunnelSide& operator=(const TunnelSide&) = delete;

    /// Reads have no deadline from now on; a write fails when the peer takes no byte for so long.
    virtual void begin_tunnel(Duration write_stall) = 0;

    /// Waits until a read will not block, without a buffer. May report too early, and does when `cancel_read` ends it.
    [[nodiscard]] virtual net::Task<Result<void>> readable() = 0;
    /// Reads without waiting; nullopt when nothing is there, 0 at the end of input.
    [[nodiscard]] virtual Result<std::optional<std::size_t>> try_read(std::span<char> space) = 0;
    /// Writes all of it.
    [[nodiscard]] virtual net::Task<Result<void>> write(net::Pieces pieces) = 0;
    /// Sends the end of input; reading goes on.
    virtual void shutdown_send() = 0;

    /// Whoever reads is resumed, this once.
    virtual void cancel_read() = 0;
    /// The peer must not take what it has got for all there is.
    virtual void reset_on_close() = 0;
    /// Whoever waits is resumed with Cancelled, now and from now on.
    virtual void abort() = 0;

protected:
    TunnelSide() = default;
    ~TunnelSide() = default;
};

/// For a stream of HTTP/2: copies what there is room for of what has come, and yields how much of it. `piece` is what was taken off `received`
/// last, of which `left` bytes have not been copied. Where nothing is left, no buffer is kept.
[[nodiscard]] std::size_t take_received(net::Bytes& received, net::Bytes& piece, std::size_t& left, std::span<char> space);

/// A connection that is the tunnel's alone.
class StreamSide final : public TunnelSide {
public:
    /// Yields itself.
    [[nodiscard]] TunnelSide& use(net::Stream& stream) {
        stream_ = &stream;
        return *this;
    }

    void begin_tunnel(Duration write_stall) override;
    [[nodiscard]] net::Task<Result<void>> readable() override;
    [[nodiscard]] Result<std::optional<std::size_t>> try_read(std::span<char> space) override { return stream_->try_read(space); }
    [[nodiscard]] net::Task<Result<void>> write(net::Pieces pieces) override;
    void shutdown_send() override { stream_->shutdown_send(); }
    void cancel_read() override { stream_->cancel_read(); }
    void reset_on_close() override { stream_->reset_on_close(); }
    void abort() override { stream_->abort(); }

private:
    net::Stream* stream_ = nullptr;
};

}  // namespace sluice::proxy
