#include "proxy/http2_session.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/http2_stream.hpp"
#include "proxy/usage.hpp"
#include "proxy/websocket_key.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

/// What goes out in one call.
constexpr std::size_t write_bytes = std::size_t{64} * 1024;
/// What is read before it is acted on.
constexpr std::size_t turn_bytes = std::size_t{128} * 1024;
/// A client that opens its windows at all has done so by then.
constexpr Duration hold_time = std::chrono::milliseconds{20};
constexpr Duration linger_time = std::chrono::seconds{1};
constexpr std::size_t linger_bytes = std::size_t{1024} * 1024;

http2::Limits limits_of(const config::Limits& limits) {
    return {.streams = limits.streams, .fields = limits.headers, .field_bytes = limits.header_bytes, .target_bytes = limits.request_line_bytes};
}

}  // namespace

Http2Session::Http2Session(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance)
    : Session(state, std::move(stream), peer, std::move(entrance)),
      peer_text_(peer.family == platform::AddressFamily::Unix ? "" : peer.address_text()),
      client_(state.snapshot()->forwarded().make_peer(peer_text_)),
      connection_(*this, limits_of(state.limits()), state.worker().now()),
      second_goaway_(
          state.worker().timers(), [](void* self) { static_cast<Http2Session*>(self)->end_drain(); }, this),
      hold_(
          state.worker().timers(), [](void* self) { static_cast<Http2Session*>(self)->end_hold(); }, this),
      writing_(
          state.worker(), [](void* self) { static_cast<Http2Session*>(self)->wake_.set(); }, this) {}

Http2Session::~Http2Session() = default;

void Http2Session::begin(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance, std::string first) {
    net::spawn((new Http2Session(state, std::move(stream), peer, std::move(entrance)))->run(std::move(first)));
}

net::Task<void> Http2Session::run(std::string first) {
    net::spawn(write());
    if (entrance_.is_retired || entrance_.is_leaving || entrance_.is_draining) begin_drain();
    bool goes_on = receive(first);
    act();
    while (goes_on && !is_broken_ && !connection_.is_over()) goes_on = co_await read_once();
    is_ending_ = true;
    second_goaway_.clear();
    if (is_sound_ && !is_broken_ && !connection_.is_over()) connection_.refuse_new();
    lose_client();
    if (!streams_.empty()) co_await streams_done_;
    wake_writer();
    if (!writer_done_.is_set()) co_await writer_done_;
    if (!is_broken_) co_await linger();
    end();
}

/// Whoever is still served has nobody to answer.
void Http2Session::lose_client() {
    for (const auto& [id, stream] : streams_) {
        stream->note_closed();
        changed_.push_back(id);
    }
    act();
}

/// Closing with unread input would reset the connection and could take the last GOAWAY with it.
net::Task<void> Http2Session::linger() {
    net::Worker& worker = state_.worker();
    stream_.shutdown_send();
    net::Buffer buffer = worker.buffers().take();
    const TimePoint end = worker.now() + linger_time;
    std::size_t dropped = 0;
    while (dropped < linger_bytes && worker.now() < end) {
        stream_.set_read_deadline(end);
        const Result<std::size_t> got = co_await stream_.read(buffer.from(0));
        if (!got || *got == 0) break;
        dropped += *got;
    }
}

/// Waits without a buffer; false when the connection is over.
net::Task<bool> Http2Session::read_once() {
    is_reading_ = true;
    stream_.set_read_deadline(read_deadline());
    const Result<void> ready = co_await stream_.readable();
    is_reading_ = false;
    if (!ready) {
        if (ready.error().code == ErrorCode::Cancelled) co_return true;
        if (ready.error().code != ErrorCode::TimedOut) co_return false;
        // The time of the head, or of the idle connection, may have changed meanwhile.
        co_return state_.worker().now() < read_deadline();
    }
    const bool goes_on = take_input();
    act();
    co_return goes_on;
}

/// What is there, up to a bound: requests that have come whole are better to forward than their beginnings. False when the connection is over.
bool Http2Session::take_input() {
    const net::Buffer buffer = state_.worker().buffers().take();
    std::size_t taken = 0;
    do {
        const Result<std::optional<std::size_t>> got = stream_.try_read(buffer.from(0));
        if (!got) return false;
        if (!got->has_value()) return true;
        if (**got == 0 || !receive({buffer.data(), **got})) return false;
        taken += **got;
    } while (taken < turn_bytes && stream_.may_have_input());
    return true;
}

TimePoint Http2Session::read_deadline() const {
    const config::Limits& limits = state_.limits();
    if (connection_.is_in_head()) return head_since_ + limits.head_timeout;
    const TimePoint now = state_.worker().now();
    // What goes on has time limits of its own.
    return streams_.empty() ? idle_since_ + limits.keepalive : now + std::chrono::hours{24};
}

bool Http2Session::receive(std::string_view bytes) {
    const bool was_in_head = connection_.is_in_head();
    const Result<void> received = connection_.receive(bytes, state_.worker().now());
    idle_since_ = state_.worker().now();
    if (!was_in_head) head_since_ = idle_since_;
    if (!received) refuse(received.error());
    return received.has_value();
}

void Http2Session::refuse(const Error& error) {
    if (!std::exchange(is_sound_, false)) return;
    state_.metrics().count_refused(error.code);
    state_.log().info("HTTP/2 connection refused", {{"client", peer_text_}, {"reason", error.context()}});
}

void Http2Session::on_request(http2::StreamId stream, PooledString head, bool has_body, std::string protocol) {
    begun_.push_back({stream, std::move(head), has_body, std::move(protocol)});
}

void Http2Session::on_refused(http2::StreamId stream, Error error, bool has_body) {
    begun_.push_back({stream, {}, has_body, {}, std::move(error)});
}

void Http2Session::on_body(http2::StreamId stream, std::string_view data) {
    Http2Stream* const known = find(stream);
    if (known != nullptr) {
        known->add_body(data);
        changed_.push_back(stream);
        return;
    }
    const auto begun = std::ranges::find(begun_, stream, &Begun::stream);
    if (begun != begun_.end()) {
        begun->body.append(state_.worker().buffers(), data);
    } else {
        connection_.consume(stream, data.size());
    }
}

void Http2Session::on_body_end(http2::StreamId stream, std::string trailers) {
    Http2Stream* const known = find(stream);
    if (known != nullptr) {
        known->end_body(std::move(trailers));
        changed_.push_back(stream);
        return;
    }
    for (Begun& begun : begun_) {
        if (begun.stream != stream) continue;
        begun.has_body_ended = true;
        begun.trailers = std::move(trailers);
    }
}

void Http2Session::on_progress(http2::StreamId stream) {
    if (Http2Stream* const known = find(stream); known != nullptr) known->note_progress(state_.worker().now());
}

void Http2Session::on_taken(http2::StreamId stream) {
    if (Http2Stream* const known = find(stream); known != nullptr) known->note_taken();
    changed_.push_back(stream);
}

void Http2Session::on_closed(http2::StreamId stream, http2::Code) {
    if (Http2Stream* const known = find(stream); known != nullptr) known->note_closed();
    changed_.push_back(stream);
    const auto begun = std::ranges::find(begun_, stream, &Begun::stream);
    if (begun == begun_.end()) return;
    connection_.consume(stream, begun->body.size());
    connection_.forget(stream);
    begun_.erase(begun);
}

/// Does what was told while bytes went in or out.
void Http2Session::act() {
    if (std::exchange(is_acting_, true)) return;
    while (!begun_.empty() || !changed_.empty()) {
        const std::uint32_t most_requests = state_.limits().requests_per_connection;
        requests_ += static_cast<std::uint32_t>(begun_.size());
        if (most_requests != 0 && requests_ >= most_requests) begin_drain();
        for (Begun& begun : std::exchange(begun_, {})) net::spawn(serve(std::move(begun)));
        for (const http2::StreamId id : std::exchange(changed_, {})) {
            if (Http2Stream* const stream = find(id); stream != nullptr) stream->wake();
        }
    }
    is_acting_ = false;
    // Whoever acts does so on a frame of the reader or the writer, so the session outlives both calls.
    wake_writer();
    settle();
}

/// Whoever waits for what may have come to its end goes on. The session may be gone afterwards.
void Http2Session::settle() {
    if (!streams_.empty()) return;
    if (is_ending_) {
        if (!streams_done_.is_set()) streams_done_.set();
    } else if (is_reading_) {
        // By the rules of an idle connection from now on, or not at all.
        idle_since_ = state_.worker().now();
        if (connection_.is_over()) {
            stream_.cancel_read();
        } else {
            stream_.set_read_deadline(read_deadline());
        }
    }
}

void Http2Session::end_hold() {
    connection_.send_held();
    wake_writer();
}

Http2Stream* Http2Session::find(http2::StreamId id) const {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : found->second;
}

/// Whoever acts wakes it at the end of all; it writes what all the events of a turn have brought in one piece.
void Http2Session::wake_writer() {
    if (is_acting_ || is_writing_ || writing_.is_asked()) return;
    if (connection_.wants_output() || is_ending_) writing_.ask();
}

net::Task<void> Http2Session::write() {
    for (;;) {
        if (!connection_.wants_output()) {
            if (is_ending_ && streams_.empty()) break;
            // Before the reader goes on, which may want to wake this one.
            wake_.clear();
            if (connection_.is_over() && is_reading_) stream_.cancel_read();
            if (connection_.is_holding() && !hold_.is_set()) hold_.set(state_.worker().now() + hold_time);
            co_await wake_;
            continue;
        }
        is_writing_ = true;
        net::Buffer buffer = state_.worker().buffers().take(write_bytes);
        std::size_t used = 0;
        for (;;) {
            const std::size_t more = connection_.take_output(buffer.from(used));
            used += more;
            if (const auto failure = connection_.failure(); failure && is_sound_) {
                refuse(client_error(ErrorCode::BadFraming, "HTTP/2: ended with error code " + std::to_string(static_cast<int>(*failure))));
            }
            // What was taken may be followed by more at once.
            act();
            if (more == 0 || used == buffer.size()) break;
        }
        // There is no memory for it.
        if (used == 0 && connection_.wants_output()) is_broken_ = true;
        if (used != 0) {
            const Result<void> written = co_await stream_.write(net::Pieces({buffer.data(), used}));
            if (!written) is_broken_ = true;
        }
        is_writing_ = false;
        if (is_broken_) break;
    }
    if (is_broken_ && !is_ending_) stream_.abort();
    writer_done_.set();
}

/// Servers of WebSockets want one (RFC 6455, 4.2.1); with HTTP/2 the client has none.
void Http2Session::add_websocket_key(PooledString& head) {
    const std::string key = new_websocket_key(state_.worker().random());
    constexpr std::string_view end = "\r\n";
    head.insert(head.size() - end.size(), std::string(websocket_key_field).append(": ").append(key).append(end));
}

/// One request, from its head to the end of its stream.
net::Task<void> Http2Session::serve(Begun begun) {
    const ScratchPool::Lease scratch = state_.scratches().lease();
    http::RequestHead& head = scratch->request;
    std::optional<Error> refusal = std::move(begun.refusal);
    head.clear();
    if (equal_ignoring_case(begun.protocol, websocket)) add_websocket_key(begun.head);
    if (!refusal) {
        Result<void> parsed = http::parse_request_head(begun.head, head_limits(state_.limits()), head);
        if (!parsed) refusal = std::move(parsed.error());
        head.major_version = 2;
    }
    const Http2Stream::Request request{begun.head.size(), begun.has_body, head.framing.kind == http::BodyKind::Length, !begun.protocol.empty()};
    Http2Stream stream(*this, begun.stream, request);
    stream.begin_body(std::move(begun.body));
    if (begun.has_body_ended) stream.end_body(std::move(begun.trailers));
    Http2ResponseWriter writer(*this, stream, head.method);
    Exchange exchange(stream, *scratch, stream, writer, state_.worker().now());
    stream.use(&exchange);
    if (refusal) {
        co_await exchange.run_refused(*refusal);
    } else {
        static_cast<void>(co_await exchange.run());
    }
    stream.use(nullptr);
    if (stream.is_closed()) co_return;
    // What is not whole must not look so; and a body that nobody wants need not come.
    if (writer.has_switched()) {
        co_await stream.end_tunnel();
    } else if (!writer.is_complete()) {
        connection_.reset(stream.id(), http2::Code::InternalError);
    } else if (!stream.is_done() || (stream.must_switch() && !stream.has_input_ended())) {
        connection_.stop_request(stream.id());
    }
}

void Http2Session::end_stream(Http2Stream& stream) {
    streams_.erase(stream.id());
    if (is_acting_) return;
    if (is_ending_) {
        // The session waits for its streams until it is settled, so it is there behind the first call.
        wake_writer();
        settle();
    } else if (connection_.wants_output() && !is_writing_) {
        // The writer's own acts settle; the session may be gone.
        wake_writer();
    } else {
        settle();
    }
}

void Http2Session::count(Usage& usage) const {
    ++usage.all.connections;
    ++usage.listeners[listener()].connections;
    for (const auto& [id, stream] : streams_) {
        if (stream->exchange() != nullptr) stream->exchange()->count(usage);
    }
}

void Http2Session::follow() {
    client_ = state_.snapshot()->forwarded().make_peer(peer_text_);
    for (const auto& [id, stream] : streams_) {
        if (stream->exchange() != nullptr) stream->exchange()->follow();
    }
}

}  // namespace sluice::proxy
