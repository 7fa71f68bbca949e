#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/memory_pool.hpp"
#include "filters/forwarded.hpp"
#include "http2/server_connection.hpp"
#include "net/buffer_pool.hpp"
#include "net/bytes.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "net/timer_wheel.hpp"
#include "net/turn_end.hpp"
#include "platform/socket.hpp"
#include "proxy/entrance.hpp"
#include "proxy/session.hpp"

namespace sluice::proxy {

class Http2Stream;

/// One client connection with HTTP/2: hands each request to an exchange on a coroutine of its own, and lets one coroutine read and one
/// write. It knows no upstream.
///
/// nghttp2 is never called back into: what it tells while bytes go in or out is put down, and acted on behind it.
class Http2Session final : public Session, private http2::ServerEvents {
public:
    /// `first`: what has been read already, from the preface on.
    static void begin(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance, std::string first);

    void count(Usage& usage) const override;
    void follow() override;
    void retire() override;
    void leave_listener() override;
    void drain() override;
    void cut() override;

private:
    friend class Http2Stream;
    friend class Http2ResponseWriter;

    Http2Session(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance);
    ~Http2Session() override;

    [[nodiscard]] net::Task<void> run(std::string first);

    // What nghttp2 tells.
    void on_request(http2::StreamId stream, PooledString head, bool has_body, std::string protocol) override;
    void on_refused(http2::StreamId stream, Error error, bool has_body) override;
    void on_body(http2::StreamId stream, std::string_view data) override;
    void on_body_end(http2::StreamId stream, std::string trailers) override;
    void on_progress(http2::StreamId stream) override;
    void on_taken(http2::StreamId stream) override;
    void on_closed(http2::StreamId stream, http2::Code code) override;

    [[nodiscard]] net::Task<bool> read_once();
    [[nodiscard]] TimePoint read_deadline() const;
    [[nodiscard]] bool take_input();
    [[nodiscard]] bool receive(std::string_view bytes);
    void refuse(const Error& error);
    void act();
    void wake_writer();
    [[nodiscard]] net::Task<void> write();
    struct Begun;
    void add_websocket_key(PooledString& head);
    [[nodiscard]] net::Task<void> serve(Begun begun);
    void end_stream(Http2Stream& stream);
    void lose_client();
    void settle();
    [[nodiscard]] net::Task<void> linger();
    void drain_streams();
    void begin_drain();
    void end_drain();
    void end_hold();
    [[nodiscard]] Http2Stream* find(http2::StreamId id) const;

    /// A request that was told and is not served yet.
    struct Begun {
        http2::StreamId stream = 0;
        PooledString head;
        bool has_body = false;
        /// Of an extended CONNECT.
        std::string protocol;
        std::optional<Error> refusal;
        net::Bytes body;
        bool has_body_ended = false;
        std::string trailers;
    };

    std::string peer_text_;
    filters::Peer client_;
    http2::ServerConnection connection_;
    PooledMap<http2::StreamId, Http2Stream*> streams_;
    PooledList<Begun> begun_;
    /// Streams about which something has changed.
    PooledVector<http2::StreamId> changed_;
    std::uint32_t requests_ = 0;
    bool is_acting_ = false;
    bool is_writing_ = false;
    bool is_broken_ = false;
    /// The client keeps to the protocol.
    bool is_sound_ = true;
    bool is_ending_ = false;
    bool is_announced_ = false;
    bool is_reading_ = false;
    TimePoint head_since_{};
    /// Since when nothing has come and nothing was served.
    TimePoint idle_since_{};
    net::Deadline second_goaway_;
    /// For what of responses is held back.
    net::Deadline hold_;
    net::TurnEnd writing_;
    net::Event wake_;
    net::Event writer_done_;
    net::Event streams_done_;
};

}  // namespace sluice::proxy
