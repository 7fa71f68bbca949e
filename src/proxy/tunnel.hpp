#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/websocket_frames.hpp"
#include "net/task.hpp"
#include "net/timer_wheel.hpp"
#include "proxy/tunnel_side.hpp"

namespace sluice::net {
class Worker;
}

namespace sluice::proxy {

struct TunnelSettings {
    /// How long neither side may send a byte; also, how long a side may take none of what is sent to it.
    Duration idle = std::chrono::hours{1};
    /// Frames are followed, so that a drain can say goodbye between two of them.
    bool is_websocket = false;
    /// How long one direction may go on when the other has ended.
    Duration half_open = std::chrono::seconds{10};
    /// How long the peers have to answer the close frames of a drain.
    Duration answer = std::chrono::seconds{5};
};

/// Why a tunnel ended: what happened first.
enum class TunnelEnd : std::uint8_t {
    /// The client, or the upstream, ended its sending.
    ClientClosed,
    UpstreamClosed,
    /// Nothing came, or nothing was taken, for the time of `TunnelSettings::idle`.
    Idle,
    Drained,
    Cut,
    /// A connection broke.
    Failed,
};

/// Passes bytes between two sides, both ways, after a change of protocol. In each direction the next piece is read
/// when the last was taken, which is the whole of backpressure; while nothing comes, no buffer is held.
///
/// The end of one side's sending is passed on, and the other direction has a short time more. A connection that breaks,
/// silence, or a cut ends both.
///
/// Threading: one worker. While `run` goes on it is the only reader and writer of both sides.
/// Lifetime:  the sides outlive it. `run` is awaited to its end; `cut` may end it, and destroy the tunnel, before it
///            returns.
/// Failure:   none but what TunnelEnd tells. The sides may be unusable afterwards and are to be closed.
class Tunnel {
public:
    Tunnel(net::Worker& worker, TunnelSide& client, TunnelSide& upstream, const TunnelSettings& settings);
    Tunnel(const Tunnel&) = delete;
    Tunnel& operator=(const Tunnel&) = delete;

    /// Runs until both directions have ended. The arguments are what came with the heads of request and response; they
    /// go out first.
    [[nodiscard]] net::Task<TunnelEnd> run(std::string_view from_client, std::string_view from_upstream);

    /// The gateway stops. On a WebSocket connection each direction ends at its first frame boundary after `close_at`
    /// with a close frame of ours (1001); then the peers have a short time to answer. Where one has begun to close by
    /// itself, that goes on in its place. Other protocols know no goodbye: nothing happens until `cut`. To be called
    /// before `run`, or while it goes on.
    void drain(TimePoint close_at);
    /// Ends the tunnel at once.
    void cut();

    /// Bytes that have come from each side.
    [[nodiscard]] std::uint64_t bytes_from_client() const { return from_client_.bytes; }
    [[nodiscard]] std::uint64_t bytes_from_upstream() const { return from_upstream_.bytes; }

private:
    /// One direction, moved by one coroutine.
    struct Direction {
        Direction(TunnelSide& reads, TunnelSide& writes) : from(reads), to(writes) {}

        TunnelSide& from;
        TunnelSide& to;
        std::uint64_t bytes = 0;
        http::WebSocketFrames frames;
        /// Ours; once it is there, what else comes is dropped.
        std::optional<http::WebSocketClose> close;
        /// Reads in a row that left something behind.
        std::uint32_t full_reads = 0;
        bool is_writing = false;
        bool has_ended = false;
    };

    /// Keeps `run` from returning: the tunnel lives at least as long as this.
    class Hold {
    public:
        explicit Hold(Tunnel& tunnel) : tunnel_(tunnel) { ++tunnel_.holds_; }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold() {
            if (--tunnel_.holds_ == 0) tunnel_.ended_.set();
        }

    private:
        Tunnel& tunnel_;
    };

    [[nodiscard]] net::Task<void> run_direction(Direction& way, std::string_view first);
    [[nodiscard]] net::Task<bool> step(Direction& way);
    [[nodiscard]] net::Task<bool> pass_on(Direction& way, std::string_view piece);
    [[nodiscard]] net::Pieces to_send(Direction& way, std::string_view piece);

    void on_end_of_input(Direction& way);
    void on_broken_input(Direction& way);
    void on_refused_output(Direction& way, const Error& error);

    [[nodiscard]] bool is_closing_by_itself() const;
    [[nodiscard]] static bool has_closed(const Direction& way);
    [[nodiscard]] bool must_close(const Direction& way) const;
    void begin_close();
    void await_answers();

    void arm();
    void on_deadline();
    [[nodiscard]] TimePoint last_activity() const;
    [[nodiscard]] TimePoint half_open_end() const;
    [[nodiscard]] std::optional<TunnelEnd> overdue() const;
    void finish(TunnelEnd end);

    net::Worker& worker_;
    TunnelSettings settings_;
    Direction from_client_;
    Direction from_upstream_;
    net::Event ended_;
    std::uint32_t holds_ = 0;
    std::optional<TunnelEnd> end_;
    bool is_finished_ = false;
    /// One side takes nothing any more; what it has sent before is still passed on.
    bool is_broken_ = false;

    TimePoint last_piece_;
    std::optional<TimePoint> half_open_since_;
    std::optional<TimePoint> close_at_;
    bool close_due_ = false;
    std::optional<TimePoint> answers_until_;
    net::Deadline deadline_;
};

}  // namespace sluice::proxy
