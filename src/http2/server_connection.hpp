#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/memory_pool.hpp"
#include "base/result.hpp"
#include "http2/protocol.hpp"

namespace sluice::http2 {

/// What a client may do (docs/configuration.md, limits).
struct Limits {
    /// Requests at the same time.
    std::uint32_t streams = 100;
    /// Fields of a head, and all their bytes, decoded.
    std::uint32_t fields = 100;
    std::uint32_t field_bytes = 32 * 1024;
    std::uint32_t target_bytes = 16 * 1024;
};

/// What a client has sent, told in the order of the frames. Nothing of the connection may be called from inside, but `consume`.
class ServerEvents {
public:
    /// A request: `head` is the head of the same request in HTTP/1.1, with Transfer-Encoding where a body of unknown length
    /// follows, so that one parser is strict for both. `protocol` is empty, or what an extended CONNECT asks for (RFC 8441, 4): its head is
    /// that of a GET with Upgrade, a response of 2xx stands for 101, and what comes behind is no body but the protocol's own.
    virtual void on_request(StreamId stream, PooledString head, bool has_body, std::string protocol) = 0;
    /// A request that is refused before it is one, and has to be answered so.
    virtual void on_refused(StreamId stream, Error error, bool has_body) = 0;
    virtual void on_body(StreamId stream, std::string_view data) = 0;
    /// The body is over; trailers are field lines with CRLF.
    virtual void on_body_end(StreamId stream, std::string trailers) = 0;
    /// Some of the last piece of the response has been taken.
    virtual void on_progress(StreamId stream) = 0;
    /// All of it has: the next may come.
    virtual void on_taken(StreamId stream) = 0;
    /// The stream is over, on both sides, or was reset with this code by one of them.
    virtual void on_closed(StreamId stream, Code code) = 0;

protected:
    ~ServerEvents() = default;
};

/// HTTP/2 as a server speaks it, without sockets: bytes of the client go in, events and bytes to the client come out. Framing, HPACK and the
/// states of streams are nghttp2's; what a request may look like and what a client may cost is ours.
///
/// Flow control follows the owner: what it does not `consume` keeps the client from sending more, 256 KiB a stream and 1 MiB in all. A
/// tunnel (extended CONNECT) may stand still for long, so it has the 256 KiB alone and takes nothing of what is for all.
///
/// Threading: one worker.
/// Lifetime:  the events outlive it.
class ServerConnection {
public:
    ServerConnection(ServerEvents& events, const Limits& limits, TimePoint now);
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;
    ~ServerConnection();

    /// Takes what the client has sent, its preface first. Failure: side Client, BadFraming or TooManyFrames; the connection is over once its output has gone out.
    [[nodiscard]] Result<void> receive(std::string_view bytes, TimePoint now);

    /// Fills the space with what has to go out; yields how much of it.
    [[nodiscard]] std::size_t take_output(std::span<char> space);
    [[nodiscard]] bool wants_output() const;
    /// Some of a response waits for the client to open its windows further than to a few bytes; `send_held` lets it go all the same, for
    /// a client that does not.
    [[nodiscard]] bool is_holding() const;
    void send_held();
    /// Nothing more will come or go: after the last GOAWAY, with the last stream.
    [[nodiscard]] bool is_over() const;
    /// Why the connection had to end, once its GOAWAY has gone out; nullopt: it had not.
    [[nodiscard]] std::optional<Code> failure() const;
    /// A head has begun and not ended.
    [[nodiscard]] bool is_in_head() const;

    /// Whether the client may send any body at all, as far as the connection's window goes.
    [[nodiscard]] bool has_window() const;

    /// Begins a response: `head` is one of HTTP/1.1 as http::HeadWriter has written it, without fields of the connection. Without a
    /// body it ends the stream.
    void send_head(StreamId stream, std::uint16_t status, std::string_view head, bool has_body);
    /// A further piece of its body, which stays where it is until `on_taken`. Trailers are field lines with CRLF.
    void send_body(StreamId stream, std::string_view data, bool is_last, std::string_view trailers);
    /// 1xx, any number of them before the head.
    void send_interim(StreamId stream, std::uint16_t status, std::string_view head);
    void reset(StreamId stream, Code code);
    /// Once its response is whole, which it must have been given, the rest of the request need not come (RFC 9113, 8.1).
    void stop_request(StreamId stream);
    /// Nothing of the response's data is looked at any more; it has to be reset.
    void drop_body(StreamId stream);
    /// The same, and the owner has nothing more to do with it.
    void forget(StreamId stream);
    /// The owner is done with so much of what `on_body` has told. Before `forget`.
    void consume(StreamId stream, std::size_t bytes);

    /// A stream of an extended CONNECT is a tunnel from now on. `unconsumed` of what has come for it has not been consumed.
    void begin_tunnel(StreamId stream, std::size_t unconsumed);

    /// The first GOAWAY: streams that are on their way still count. `refuse_new` is the second, a while later.
    void announce_end();
    void refuse_new();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::http2
