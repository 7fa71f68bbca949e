#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http2/protocol.hpp"

namespace sluice::http2 {

/// What an upstream may do, and we with it.
struct ClientLimits {
    /// Fields of a response's head, and all their bytes, decoded, as RFC 9113 counts them (6.5.2).
    std::uint32_t fields = 100;
    std::uint32_t field_bytes = 64 * 1024;
    /// Streams that we open at most at the same time; the upstream may allow fewer.
    std::uint32_t streams = 100;
};

/// What an upstream has sent, told in the order of the frames. Nothing of the connection may be called from inside, but `consume`. A
/// response is whole when `on_head` was the last or `on_body_end` came; `on_closed` without either means that it is cut off, whatever the code.
class ClientEvents {
public:
    /// The head of a response as HTTP/1.1 would have it, "HTTP/1.1 200 \r\nname: value\r\n\r\n", without a field for the framing; those
    /// before the final one too (1xx). `is_last`: no body and no trailers follow.
    virtual void on_head(StreamId stream, std::string head, bool is_last) = 0;
    virtual void on_body(StreamId stream, std::string_view data) = 0;
    /// The body is over; trailers are field lines with CRLF.
    virtual void on_body_end(StreamId stream, std::string trailers) = 0;
    /// Some of the last piece of the request's body has been taken.
    virtual void on_progress(StreamId stream) = 0;
    /// All of it has: the next may come.
    virtual void on_taken(StreamId stream) = 0;
    /// The stream is over, on both sides, or was reset with this code by one of them; told from `receive` or `take_output`.
    /// `is_untouched`: the upstream says that it has not acted on the request (REFUSED_STREAM, or above the last id of its GOAWAY;
    /// RFC 9113, 8.7), or it has not been sent, so that it may be repeated whatever it was.
    virtual void on_closed(StreamId stream, Code code, bool is_untouched) = 0;

protected:
    ~ClientEvents() = default;
};

/// HTTP/2 as a gateway speaks it to an upstream, without sockets: bytes of the upstream go in, events and bytes for the upstream come out. Framing,
/// HPACK and the states of streams are nghttp2's; what a response may look like and what an upstream may cost is ours.
///
/// A response that breaks a rule (RFC 9113, 8.1.1: fields that may not be, more of them than the limits, a length that is not the body's)
/// resets its stream and is told as `on_closed` with ProtocolError.
///
/// Flow control follows the owner: what it does not `consume` keeps the upstream from sending more, 256 KiB a stream. The connection's window
/// is open all the while, so that one stream never waits for another.
///
/// Threading: one worker.
/// Lifetime:  the events outlive it.
class ClientConnection {
public:
    ClientConnection(ClientEvents& events, const ClientLimits& limits, TimePoint now);
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;
    ~ClientConnection();

    /// Takes what the upstream has sent. Failure: side Upstream, BadFraming or TooManyFrames; the connection is over once its output has
    /// gone out, and nothing more is told about the streams that are open. After a GOAWAY of either side a broken rule may show in
    /// `failure` and `is_over` alone.
    [[nodiscard]] Result<void> receive(std::string_view bytes, TimePoint now);

    /// Fills the space with what has to go out, the preface first; yields how much of it.
    [[nodiscard]] std::size_t take_output(std::span<char> space);
    [[nodiscard]] bool wants_output() const;
    /// Some of a request waits for the upstream to open its windows further than to a few bytes; `send_held` lets it go all the same.
    [[nodiscard]] bool is_holding() const;
    void send_held();
    /// Nothing more will come or go: after a GOAWAY of either side, with the last stream.
    [[nodiscard]] bool is_over() const;
    /// Why we had to end the connection, once our GOAWAY has gone out; nullopt: we had not.
    [[nodiscard]] std::optional<Code> failure() const;

    /// The upstream's first SETTINGS have come: what it said is known to be HTTP/2, and how many streams it takes.
    [[nodiscard]] bool is_ready() const;
    /// Streams that may be opened now: the smaller of the upstream's limit and ours less those that are open; 0 once it takes no more.
    [[nodiscard]] std::size_t free_streams() const;
    /// Whether it will ever take another request: not after a GOAWAY of either side, a failure, or the last id.
    [[nodiscard]] bool takes_requests() const;
    /// Streams that are neither closed nor forgotten.
    [[nodiscard]] std::size_t open_streams() const;

    /// Opens a stream. `head` is a request's head of HTTP/1.1 as http::HeadWriter has written it; Host becomes :authority, fields of the
    /// connection are left out, and TE unless it is "trailers". Without a body it ends our side of the stream. With a protocol it is an
    /// extended CONNECT (RFC 8441): once it is answered by 2xx, what goes either way is the protocol's own.
    /// Failure: 0, when there is no free stream, or the head is none that can go this way (CONNECT, a whole URL, two hosts), or the
    /// upstream takes no extended CONNECT.
    [[nodiscard]] StreamId open(std::string_view head, std::string_view scheme, bool has_body, std::string_view protocol = {});
    /// The upstream takes extended CONNECT, as far as its SETTINGS have come.
    [[nodiscard]] bool takes_protocols() const;
    /// A further piece of the request's body, which stays where it is until `on_taken`, `on_closed`, `reset` or `forget`. Trailers are field lines with CRLF.
    void send_body(StreamId stream, std::string_view data, bool is_last, std::string_view trailers);
    /// Nothing of the request's data is looked at any more; `on_closed` is the only event to come, with this code.
    void reset(StreamId stream, Code code);
    /// The same without a further event. A stream that is not over on both sides is reset (CANCEL), unless it needs our end alone, which has
    /// been given and still goes out.
    void forget(StreamId stream);
    /// The owner is done with so much of what `on_body` has told; of a stream that is closed or forgotten it need not say so.
    void consume(StreamId stream, std::size_t bytes);

    /// Ends the connection in peace: GOAWAY, no new streams; those that are open go on.
    void end();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::http2
