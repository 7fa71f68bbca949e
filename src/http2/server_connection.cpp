#include "http2/server_connection.hpp"

#include <nghttp2/nghttp2.h>

#include <optional>
#include <set>
#include <utility>

#include "base/memory_pool.hpp"
#include "http2/flood_guard.hpp"
#include "http2/frame_scanner.hpp"
#include "http2/message_fields.hpp"
#include "http2/nghttp2_session.hpp"
#include "http2/outgoing_body.hpp"
#include "http2/request_text.hpp"
#include "http2/skipped_ids.hpp"
#include "http2/window_hold.hpp"

namespace sluice::http2 {
namespace {

/// What a block of ours may come to in nghttp2's estimate, by limits.header_bytes: short fields count for several times their bytes.
constexpr std::size_t response_block_factor = 8;
constexpr std::size_t response_block_room = std::size_t{64} * 1024;

}  // namespace

struct ServerConnection::State {
    State(ServerEvents& the_events, const Limits& the_limits, TimePoint the_now)
        : events(the_events), limits(the_limits), guard(the_now), now(the_now), text(the_limits) {}

    ServerEvents& events;
    Limits limits;
    FloodGuard guard;
    TimePoint now;
    RequestText text;
    FrameScanner frames;
    bool is_calm = true;
    /// What the last GOAWAY of ours said, when it was a complaint.
    std::optional<Code> failure;
    PooledMap<StreamId, OutgoingBody> responses;
    MessageFields fields;
    SkippedIds skipped;
    /// Streams of which the connection's window is not kept.
    std::set<StreamId> tunnels;
    /// Streams whose requests nobody wants to the end: to be reset as soon as their responses are.
    std::set<StreamId> unwanted;
    WindowHold hold;
    Output output;
    Session session;

    void spend(std::int64_t points) { is_calm = guard.spend(points, now) && is_calm; }
    void end_head(const nghttp2_frame& frame);
    void count(const FrameHead& frame);
    void add_credit(StreamId stream, std::int64_t bytes);

    static State& of(void* user) { return *static_cast<State*>(user); }
    static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd*, void*);
    static int on_frame(nghttp2_session*, const nghttp2_frame*, void*);
    static int on_sent(nghttp2_session*, const nghttp2_frame*, void*);
    static int on_unsendable(nghttp2_session*, const nghttp2_frame*, int, void*);
    static int on_bad_frame(nghttp2_session*, const nghttp2_frame*, int, void*);
    static int on_data(nghttp2_session*, std::uint8_t, StreamId, const std::uint8_t*, std::size_t, void*);
    static int on_close(nghttp2_session*, StreamId, std::uint32_t, void*);
    static ssize_t give_data(nghttp2_session*, StreamId, std::uint8_t*, std::size_t, std::uint32_t*, nghttp2_data_source*, void*);
};

/// nghttp2 takes ids that were left out for those of streams that are closed.
int ServerConnection::State::on_begin_frame(nghttp2_session* session, const nghttp2_frame_hd* frame, void* user) {
    const bool is_request = frame->type == NGHTTP2_HEADERS && frame->stream_id % 2 == 1;
    if (is_request && !of(user).skipped.take(frame->stream_id)) nghttp2_session_terminate_session(session, NGHTTP2_PROTOCOL_ERROR);
    return 0;
}

/// A block of fields is whole: a request, or its trailers.
void ServerConnection::State::end_head(const nghttp2_frame& frame) {
    const StreamId id = frame.hd.stream_id;
    const bool has_ended = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) {
        Result<std::string> trailers = text.finish_trailers();
        if (trailers) {
            events.on_body_end(id, std::move(*trailers));
        } else {
            spend(price::refusal);
            nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
        }
        return;
    }
    Result<PooledString> head = text.finish(!has_ended);
    if (!head) {
        spend(price::refusal);
        events.on_refused(id, std::move(head.error()), !has_ended);
        return;
    }
    guard.earn(price::request);
    events.on_request(id, std::move(*head), !has_ended, text.protocol());
}

/// Frames that lead to nothing have a price.
void ServerConnection::State::count(const FrameHead& frame) {
    switch (frame.type) {
        case NGHTTP2_RST_STREAM:
            spend(price::reset);
            break;
        case NGHTTP2_DATA:
            if (frame.length == 0 && (frame.flags & NGHTTP2_FLAG_END_STREAM) == 0) spend(price::frame);
            break;
        case NGHTTP2_HEADERS:
            break;
        default:
            spend(price::frame);
            break;
    }
}

int ServerConnection::State::on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    State& state = of(user);
    if (frame->hd.type == NGHTTP2_WINDOW_UPDATE) state.add_credit(frame->hd.stream_id, frame->window_update.window_size_increment);
    if (frame->hd.type == NGHTTP2_WINDOW_UPDATE || frame->hd.type == NGHTTP2_SETTINGS) state.hold.resume(session);
    if (frame->hd.type == NGHTTP2_HEADERS) {
        state.end_head(*frame);
    } else if (frame->hd.type == NGHTTP2_DATA && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        state.events.on_body_end(frame->hd.stream_id, {});
    } else if (frame->hd.type == NGHTTP2_DATA && frame->hd.length != 0 && frame->hd.length == frame->data.padlen) {
        // As good as empty.
        state.spend(price::frame);
    }
    return 0;
}

int ServerConnection::State::on_bad_frame(nghttp2_session*, const nghttp2_frame*, int error, void* user) {
    // Who has not seen our SETTINGS yet does not know how many streams there may be.
    of(user).spend(error == NGHTTP2_ERR_REFUSED_STREAM ? price::reset : price::refusal);
    return 0;
}

int ServerConnection::State::on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    State& state = of(user);
    const bool is_message = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        state.failure = static_cast<Code>(frame->goaway.error_code);
    } else if (is_message && !state.unwanted.empty() && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && state.unwanted.erase(frame->hd.stream_id) != 0) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
}

/// A stream without its head would wait for ever.
int ServerConnection::State::on_unsendable(nghttp2_session* session, const nghttp2_frame* frame, int, void*) {
    if (frame->hd.type == NGHTTP2_HEADERS && nghttp2_session_find_stream(session, frame->hd.stream_id) != nullptr) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
}

int ServerConnection::State::on_data(nghttp2_session* session, std::uint8_t, StreamId stream, const std::uint8_t* data, std::size_t size, void* user) {
    State& state = of(user);
    state.guard.earn_received(size);
    if (state.tunnels.contains(stream)) nghttp2_session_consume_connection(session, size);
    state.events.on_body(stream, text_of(data, size));
    return 0;
}

int ServerConnection::State::on_close(nghttp2_session*, StreamId stream, std::uint32_t code, void* user) {
    State& state = of(user);
    state.hold.erase(stream);
    state.responses.erase(stream);
    if (!state.unwanted.empty()) state.unwanted.erase(stream);
    state.events.on_closed(stream, static_cast<Code>(code));
    return 0;
}

void ServerConnection::State::add_credit(StreamId stream, std::int64_t bytes) {
    if (stream == 0) {
        hold.add_credit(bytes);
    } else if (const auto found = responses.find(stream); found != responses.end()) {
        found->second.credit().add(bytes);
    }
}

/// nghttp2_data_source_read_callback: what the window and the frame have room for.
ssize_t ServerConnection::State::give_data(nghttp2_session* session, StreamId stream, std::uint8_t* space, std::size_t size,
                                           std::uint32_t* flags, nghttp2_data_source*, void* user) {
    State& state = of(user);
    OutgoingBody& body = state.responses[stream];
    if (state.hold.holds(stream, size, body)) return NGHTTP2_ERR_DEFERRED;
    const std::optional<std::size_t> taken = body.take({space, size}, state.guard);
    if (!taken) return NGHTTP2_ERR_DEFERRED;
    state.hold.spend(body, *taken);
    if (*taken != 0) state.events.on_progress(stream);
    if (body.has_piece()) return static_cast<ssize_t>(*taken);
    if (body.is_last()) *flags |= body.end(session, stream, state.fields);
    state.events.on_taken(stream);
    return static_cast<ssize_t>(*taken);
}

ServerConnection::ServerConnection(ServerEvents& events, const Limits& limits, TimePoint now)
    : state_(std::make_unique<State>(events, limits, now)) {
    const Callbacks callbacks = make_callbacks<State>();
    // A response may be as large as limits.header_bytes lets an upstream's be; nghttp2's own 64 KiB may be less.
    const Options options = make_options(response_block_factor * std::size_t{limits.field_bytes} + response_block_room);
    nghttp2_session* made = nullptr;
    nghttp2_session_server_new3(&made, callbacks.get(), state_.get(), options.get(), pooled_memory());
    state_->session.reset(made);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.field_bytes + limits.target_bytes},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
    };
    nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, connection_window);
}

ServerConnection::~ServerConnection() = default;

Result<void> ServerConnection::receive(std::string_view bytes, TimePoint now) {
    State& state = *state_;
    state.now = now;
    const std::size_t most = most_block_factor * (std::size_t{state.limits.field_bytes} + state.limits.target_bytes);
    state.frames.scan(bytes, [&](const FrameHead& frame) {
        state.count(frame);
        state.is_calm = state.is_calm && state.frames.block_bytes() <= most;
    });
    if (state.is_calm) {
        const auto taken = nghttp2_session_mem_recv(state.session.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        if (taken < 0) {
            const bool is_flood = taken == NGHTTP2_ERR_FLOODED;
            nghttp2_session_terminate_session(state.session.get(), is_flood ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
            const ErrorCode code = is_flood ? ErrorCode::TooManyFrames : ErrorCode::BadFraming;
            return fail(client_error(code, std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken))));
        }
    }
    if (state.is_calm) return {};
    nghttp2_session_terminate_session(state.session.get(), NGHTTP2_ENHANCE_YOUR_CALM);
    return fail(client_error(ErrorCode::TooManyFrames, "HTTP/2: the client sends more frames that lead to nothing than it may"));
}

std::size_t ServerConnection::take_output(std::span<char> space) {
    const std::size_t taken = state_->output.take(state_->session.get(), space);
    if (taken == 0) state_->hold.end_small();
    return taken;
}

bool ServerConnection::is_holding() const { return state_->hold.is_holding(); }

void ServerConnection::send_held() { state_->hold.let_go(state_->session.get()); }

bool ServerConnection::wants_output() const { return state_->output.is_wanted(state_->session.get()); }

bool ServerConnection::is_over() const { return !wants_output() && nghttp2_session_want_read(state_->session.get()) == 0; }

bool ServerConnection::is_in_head() const { return state_->frames.is_in_block(); }

std::optional<Code> ServerConnection::failure() const { return state_->failure; }

void ServerConnection::send_head(StreamId stream, std::uint16_t status, std::string_view head, bool has_body) {
    MessageFields& fields = state_->fields;
    fields.set_response(status, head);
    nghttp2_data_provider provider{};
    provider.read_callback = State::give_data;
    if (has_body) state_->responses[stream];
    nghttp2_submit_response(state_->session.get(), stream, fields.data(), fields.count(), has_body ? &provider : nullptr);
}

void ServerConnection::send_body(StreamId stream, std::string_view data, bool is_last, std::string_view trailers) {
    if (state_->responses[stream].put(data, is_last, trailers)) nghttp2_session_resume_data(state_->session.get(), stream);
}

void ServerConnection::send_interim(StreamId stream, std::uint16_t status, std::string_view head) {
    MessageFields& fields = state_->fields;
    fields.set_response(status, head);
    nghttp2_submit_headers(state_->session.get(), NGHTTP2_FLAG_NONE, stream, nullptr, fields.data(), fields.count(), nullptr);
}

void ServerConnection::reset(StreamId stream, Code code) {
    // What its pieces point at may go.
    state_->responses.erase(stream);
    nghttp2_submit_rst_stream(state_->session.get(), NGHTTP2_FLAG_NONE, stream, static_cast<std::uint32_t>(code));
}

void ServerConnection::stop_request(StreamId stream) {
    nghttp2_session* const session = state_->session.get();
    // A reset overtakes what has not been sent, and would take the response with it.
    const int is_sent = nghttp2_session_get_stream_local_close(session, stream);
    if (is_sent == 0) {
        state_->unwanted.insert(stream);
    } else {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
    }
}

void ServerConnection::drop_body(StreamId stream) { state_->responses.erase(stream); }

void ServerConnection::begin_tunnel(StreamId stream, std::size_t unconsumed) {
    state_->tunnels.insert(stream);
    nghttp2_session_consume_connection(state_->session.get(), unconsumed);
}

void ServerConnection::forget(StreamId stream) {
    drop_body(stream);
    if (!state_->tunnels.empty()) state_->tunnels.erase(stream);
}

bool ServerConnection::has_window() const {
    return nghttp2_session_get_effective_recv_data_length(state_->session.get()) < connection_window;
}

void ServerConnection::consume(StreamId stream, std::size_t bytes) {
    if (state_->tunnels.contains(stream)) {
        nghttp2_session_consume_stream(state_->session.get(), stream, bytes);
        return;
    }
    // Of a stream that is over it is the connection's window alone.
    nghttp2_session_consume(state_->session.get(), stream, bytes);
}

void ServerConnection::announce_end() { nghttp2_submit_shutdown_notice(state_->session.get()); }

void ServerConnection::refuse_new() {
    nghttp2_session* const session = state_->session.get();
    nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, nullptr, 0);
}

}  // namespace sluice::http2
