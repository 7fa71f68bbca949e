// How a connection of HTTP/2 comes to its end by the gateway's will.

#include <utility>
#include <vector>

#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/http2_session.hpp"
#include "proxy/http2_stream.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

/// Between the two GOAWAY: a round trip to most clients (RFC 9113, 6.8).
constexpr Duration goaway_pause = std::chrono::milliseconds{250};

}  // namespace

/// Tunnels say goodbye; what else goes on ends by itself.
void Http2Session::drain_streams() {
    for (const auto& [id, stream] : streams_) {
        if (stream->exchange() != nullptr) stream->exchange()->drain();
    }
    begin_drain();
}

/// Streams that are on their way are served; those after the second GOAWAY are not begun (RFC 9113, 6.8).
void Http2Session::begin_drain() {
    if (std::exchange(is_announced_, true)) return;
    connection_.announce_end();
    second_goaway_.set(state_.worker().now() + goaway_pause);
    wake_writer();
}

void Http2Session::end_drain() {
    connection_.refuse_new();
    wake_writer();
}

void Http2Session::retire() { begin_drain(); }

void Http2Session::leave_listener() {
    entrance_.is_leaving = true;
    drain_streams();
}

void Http2Session::drain() {
    entrance_.is_draining = true;
    drain_streams();
}

void Http2Session::cut() {
    entrance_.is_draining = true;
    is_broken_ = true;
    stream_.reset_on_close();
    is_acting_ = true;
    std::vector<http2::StreamId> all;
    for (const auto& [id, stream] : streams_) all.push_back(id);
    for (const http2::StreamId id : all) {
        Http2Stream* const stream = find(id);
        if (stream != nullptr && stream->exchange() != nullptr) stream->exchange()->cut();
    }
    is_acting_ = false;
    // The session may end inside the first call, unless it waits for its streams: then nobody reads.
    const bool awaits_streams = is_ending_ && !streams_done_.is_set();
    stream_.abort();
    if (awaits_streams) settle();
}

}  // namespace sluice::proxy
