#pragma once

#include <cstddef>
#include <cstdint>

#include "filters/forwarded.hpp"
#include "net/stream.hpp"
#include "proxy/entrance.hpp"
#include "proxy/tunnel_side.hpp"

namespace sluice::proxy {

class WorkerState;

/// How an exchange reaches the client that its request came from, beside body and response: the whole connection with HTTP/1.x, one of
/// its streams with HTTP/2.
///
/// Threading: one worker.
/// Lifetime:  outlives the exchange.
class ClientLink {
public:
    [[nodiscard]] virtual WorkerState& state() = 0;
    [[nodiscard]] virtual const filters::Peer& client() const = 0;
    [[nodiscard]] virtual const Entrance& entrance() const = 0;
    /// Size of the request's head; 0 when it never became complete.
    [[nodiscard]] virtual std::size_t head_bytes() const = 0;
    /// Bytes that have gone out to the client so far.
    [[nodiscard]] virtual std::uint64_t bytes_written() const = 0;
    /// The gateway stops: the present response is the last.
    [[nodiscard]] virtual bool is_draining() const = 0;
    /// The listener has gone: upgraded connections have to close too.
    [[nodiscard]] virtual bool is_leaving() const = 0;

    /// The watcher is told when something arrives, or the client leaves, while its request is being answered.
    virtual void watch(net::StreamWatcher* watcher) = 0;
    virtual void unwatch() = 0;
    [[nodiscard]] virtual bool has_left() = 0;

    /// Whoever waits for the client is resumed with ErrorCode::Cancelled, now and from now on.
    virtual void abort() = 0;
    /// The same without resuming anybody: only what comes from now on fails.
    virtual void refuse_waits() = 0;
    /// The body of the request may pause for so long, as often as it likes: a conversation, not an upload.
    virtual void allow_pauses(Duration longest) = 0;
    /// Only who reads the body is resumed with Cancelled, this once.
    virtual void cancel_read() = 0;
    /// The client must not take for whole what is not.
    virtual void reset_on_close() = 0;

    /// What is handed over to another protocol; `plain` stands for a whole connection.
    [[nodiscard]] virtual TunnelSide& tunnel_side(StreamSide& plain) = 0;
    /// The client takes a success for a change of protocol (RFC 8441, 5): nothing else may be answered by one.
    [[nodiscard]] virtual bool must_switch() const = 0;

protected:
    ~ClientLink() = default;
};

}  // namespace sluice::proxy
