#include "http2/client_connection.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "http2/client_stream.hpp"
#include "http2/flood_guard.hpp"
#include "http2/frame_scanner.hpp"
#include "http2/message_fields.hpp"
#include "http2/nghttp2_session.hpp"
#include "http2/response_text.hpp"
#include "http2/window_hold.hpp"

namespace sluice::http2 {
namespace {

/// The owner has its own limits on what it sends; nghttp2's 64 KiB may be less.
constexpr std::size_t most_request_block = std::size_t{16} << 20;

}  // namespace

struct ClientConnection::State {
    using Stream = ClientStream;

    State(ClientEvents& the_events, const ClientLimits& the_limits, TimePoint the_now)
        : events(the_events), limits(the_limits), guard(the_now), now(the_now), text(the_limits) {}

    ClientEvents& events;
    ClientLimits limits;
    FloodGuard guard;
    TimePoint now;
    ResponseText text;
    FrameScanner frames{0};
    MessageFields fields;
    /// By id, as they are opened.
    std::vector<Stream> streams;
    bool is_calm = true;
    bool is_ending = false;
    bool has_failed = false;
    bool has_goaway = false;
    bool has_settings = false;
    /// What nghttp2 has last found wrong; 0: nothing.
    int last_fault = 0;
    /// What the last GOAWAY of ours said, when it was a complaint.
    std::optional<Code> failure;
    WindowHold hold;
    Output output;
    Session session;

    [[nodiscard]] Stream* find(StreamId id);
    void add_credit(StreamId stream, std::int64_t bytes);
    void erase(const Stream& stream) { streams.erase(streams.begin() + (&stream - streams.data())); }
    void spend(std::int64_t points) { is_calm = guard.spend(points, now) && is_calm; }
    void count(const FrameHead& frame);
    void end_head(const nghttp2_frame& frame);
    void reset(Stream& stream, Code code);
    void close_unsent();
    [[nodiscard]] bool is_broken() const;
    [[nodiscard]] bool has_window(StreamId stream) const {
        return nghttp2_session_get_stream_remote_window_size(session.get(), stream) > 0 && nghttp2_session_get_remote_window_size(session.get()) > 0;
    }
    Failure fail_with(ErrorCode error, std::uint32_t code, std::string context);

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

ClientConnection::State::Stream* ClientConnection::State::find(StreamId id) {
    const auto found = std::ranges::lower_bound(streams, id, {}, &Stream::id);
    return found != streams.end() && found->id == id ? &*found : nullptr;
}

/// A reset that is on its way is not followed by another: nghttp2 would send that one even where the request has not gone out.
void ClientConnection::State::reset(Stream& stream, Code code) {
    if (stream.fault) return;
    stream.fault = code;
    nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream.id, static_cast<std::uint32_t>(code));
}

int ClientConnection::State::on_begin_frame(nghttp2_session* session, const nghttp2_frame_hd* frame, void* user) {
    // We have said that there is no push; a request, after which alone it may come, has gone out behind that.
    if (frame->type == NGHTTP2_PUSH_PROMISE) nghttp2_session_terminate_session(session, NGHTTP2_PROTOCOL_ERROR);
    // Decoded, and dropped.
    if (frame->type == NGHTTP2_HEADERS && nghttp2_session_find_stream(session, frame->stream_id) == nullptr) of(user).spend(price::frame);
    return 0;
}

/// A block of fields is whole: a head, or trailers.
void ClientConnection::State::end_head(const nghttp2_frame& frame) {
    Stream* const stream = find(frame.hd.stream_id);
    if (stream == nullptr || stream->fault) return;
    const bool has_ended = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool is_trailer = stream->has_final_head;
    Result<std::string> lines = is_trailer ? text.finish_trailers() : text.finish();
    if (!lines) {
        reset(*stream, Code::ProtocolError);
        return;
    }
    stream->has_head = true;
    stream->has_ended = has_ended;
    if (is_trailer) {
        events.on_body_end(frame.hd.stream_id, std::move(*lines));
        return;
    }
    stream->has_final_head = !text.is_interim();
    if (stream->has_final_head) {
        guard.earn(price::response);
    } else {
        // There may be any number of them.
        spend(price::frame);
    }
    events.on_head(frame.hd.stream_id, std::move(*lines), has_ended);
}

/// Frames that lead to nothing have a price; those that are for a stream of ours cost nothing as it ends with them.
void ClientConnection::State::count(const FrameHead& frame) {
    switch (frame.type) {
        case NGHTTP2_RST_STREAM:
        case NGHTTP2_HEADERS:
            break;
        case NGHTTP2_DATA:
            if (frame.length == 0 && (frame.flags & NGHTTP2_FLAG_END_STREAM) == 0) spend(price::frame);
            break;
        default:
            spend(price::frame);
            break;
    }
}

int ClientConnection::State::on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    State& state = of(user);
    const StreamId id = frame->hd.stream_id;
    if (frame->hd.type == NGHTTP2_WINDOW_UPDATE) state.add_credit(id, frame->window_update.window_size_increment);
    if (frame->hd.type == NGHTTP2_WINDOW_UPDATE || frame->hd.type == NGHTTP2_SETTINGS) state.hold.resume(session);
    if (frame->hd.type == NGHTTP2_HEADERS) {
        state.end_head(*frame);
    } else if (frame->hd.type == NGHTTP2_DATA && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        Stream* const stream = state.find(id);
        if (stream == nullptr || stream->fault) return 0;
        stream->has_ended = true;
        state.events.on_body_end(id, {});
    } else if (frame->hd.type == NGHTTP2_DATA && frame->hd.length != 0 && frame->hd.length == frame->data.padlen) {
        state.spend(price::frame);
    } else if (frame->hd.type == NGHTTP2_RST_STREAM && nghttp2_session_find_stream(session, id) == nullptr) {
        state.spend(price::reset);
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        state.has_goaway = true;
    } else if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
        state.has_settings = true;
    }
    return 0;
}

int ClientConnection::State::on_bad_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
    State& state = of(user);
    state.last_fault = error;
    // nghttp2 resets it; whatever else the upstream says about it meanwhile.
    Stream* const stream = frame->hd.type == NGHTTP2_HEADERS ? state.find(frame->hd.stream_id) : nullptr;
    if (stream != nullptr && !stream->fault) stream->fault = Code::ProtocolError;
    return 0;
}

int ClientConnection::State::on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    State& state = of(user);
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        state.failure = static_cast<Code>(frame->goaway.error_code);
    } else if (frame->hd.type == NGHTTP2_HEADERS) {
        if (Stream* const stream = state.find(frame->hd.stream_id)) stream->is_sent = true;
    }
    return 0;
}

/// nghttp2 closes the stream of a request that it can't send as refused, which would be tried for ever. A stream without its trailers would wait.
int ClientConnection::State::on_unsendable(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
    State& state = of(user);
    Stream* const stream = frame->hd.type == NGHTTP2_HEADERS ? state.find(frame->hd.stream_id) : nullptr;
    if (stream == nullptr || stream->fault) return 0;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        state.reset(*stream, Code::InternalError);
    } else if (error != NGHTTP2_ERR_START_STREAM_NOT_ALLOWED && error != NGHTTP2_ERR_SESSION_CLOSING) {
        stream->fault = Code::InternalError;
    }
    return 0;
}

int ClientConnection::State::on_data(nghttp2_session* session, std::uint8_t, StreamId id, const std::uint8_t* data, std::size_t size, void* user) {
    State& state = of(user);
    const Stream* const stream = state.find(id);
    if (stream == nullptr || stream->fault) {
        nghttp2_session_consume_connection(session, size);
        return 0;
    }
    state.guard.earn_received(size);
    // The connection's window is for all: what one request does not take must not hold up the others.
    nghttp2_session_consume_connection(session, size);
    state.events.on_body(id, text_of(data, size));
    return 0;
}

int ClientConnection::State::on_close(nghttp2_session*, StreamId id, std::uint32_t code, void* user) {
    State& state = of(user);
    state.hold.erase(id);
    const Stream* const stream = state.find(id);
    if (stream == nullptr) return 0;
    const Code told = stream->fault.value_or(static_cast<Code>(code));
    const bool is_untouched = told == Code::RefusedStream && !stream->fault && !stream->has_head;
    const bool is_forgotten = stream->is_forgotten;
    state.erase(*stream);
    if (!is_forgotten) state.events.on_closed(id, told, is_untouched);
    return 0;
}

void ClientConnection::State::add_credit(StreamId stream, std::int64_t bytes) {
    if (stream == 0) {
        hold.add_credit(bytes);
    } else if (Stream* const found = find(stream)) {
        found->body.credit().add(bytes);
    }
}

/// nghttp2_data_source_read_callback: what the window and the frame have room for.
ssize_t ClientConnection::State::give_data(nghttp2_session* session, StreamId id, std::uint8_t* space, std::size_t size, std::uint32_t* flags,
                                           nghttp2_data_source*, void* user) {
    State& state = of(user);
    Stream* const stream = state.find(id);
    if (stream == nullptr || stream->fault || state.hold.holds(id, size, stream->body)) return NGHTTP2_ERR_DEFERRED;
    const std::optional<std::size_t> taken = stream->body.take({space, size}, state.guard);
    if (!taken) return NGHTTP2_ERR_DEFERRED;
    state.hold.spend(stream->body, *taken);
    // However small a frame of ours is, the upstream may answer it by a window update for the stream and one for the connection.
    state.guard.earn(price::fair_frame);
    if (*taken != 0) state.events.on_progress(id);
    if (stream->body.has_piece()) return static_cast<ssize_t>(*taken);
    if (stream->body.is_last()) *flags |= stream->body.end(session, id, state.fields);
    if (!stream->is_forgotten) state.events.on_taken(id);
    return static_cast<ssize_t>(*taken);
}

/// Requests that have not gone out and can't any more: nghttp2 would keep them until a place is free.
void ClientConnection::State::close_unsent() {
    while (has_goaway) {
        const auto found = std::ranges::find_if(streams, [](const Stream& stream) { return !stream.is_sent; });
        if (found == streams.end()) return;
        const Stream stream = std::move(*found);
        streams.erase(found);
        events.on_closed(stream.id, stream.fault.value_or(Code::RefusedStream), !stream.fault);
    }
}

/// nghttp2 has ended the session, which it does not tell in any other way before its GOAWAY has gone out.
bool ClientConnection::State::is_broken() const {
    const bool has_ids = nghttp2_session_get_next_stream_id(session.get()) <= std::numeric_limits<StreamId>::max();
    return has_ids && !has_goaway && !is_ending && nghttp2_session_check_request_allowed(session.get()) == 0;
}

Failure ClientConnection::State::fail_with(ErrorCode error, std::uint32_t code, std::string context) {
    has_failed = true;
    nghttp2_session_terminate_session(session.get(), code);
    return fail(upstream_error(error, std::move(context)));
}

ClientConnection::ClientConnection(ClientEvents& events, const ClientLimits& limits, TimePoint now)
    : state_(std::make_unique<State>(events, limits, now)) {
    const Callbacks callbacks = make_callbacks<State>();
    const Options options = make_options(most_request_block);
    nghttp2_option_set_peer_max_concurrent_streams(options.get(), limits.streams);
    nghttp2_session* made = nullptr;
    nghttp2_session_client_new3(&made, callbacks.get(), state_.get(), options.get(), pooled_memory());
    state_->session.reset(made);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
                                               {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.field_bytes}};
    nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, connection_window);
}

ClientConnection::~ClientConnection() = default;

Result<void> ClientConnection::receive(std::string_view bytes, TimePoint now) {
    State& state = *state_;
    state.now = now;
    const std::size_t most = most_block_factor * std::size_t{state.limits.field_bytes};
    state.frames.scan(bytes, [&](const FrameHead& frame) {
        state.count(frame);
        state.is_calm = state.is_calm && state.frames.block_bytes() <= most;
    });
    if (state.is_calm) {
        const auto taken = nghttp2_session_mem_recv(state.session.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        if (taken == NGHTTP2_ERR_FLOODED) {
            state.is_calm = false;
        } else if (taken < 0) {
            return state.fail_with(ErrorCode::BadFraming, NGHTTP2_PROTOCOL_ERROR, std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken)));
        }
        state.close_unsent();
    }
    if (!state.is_calm) {
        return state.fail_with(ErrorCode::TooManyFrames, NGHTTP2_ENHANCE_YOUR_CALM,
                               "HTTP/2: the upstream sends more frames that lead to nothing than it may");
    }
    if (!state.is_broken()) return {};
    const char* const what = state.last_fault == 0 ? "the upstream breaks a rule of the protocol" : nghttp2_strerror(state.last_fault);
    return state.fail_with(ErrorCode::BadFraming, NGHTTP2_PROTOCOL_ERROR, std::string("HTTP/2: ") + what);
}

std::size_t ClientConnection::take_output(std::span<char> space) {
    const std::size_t taken = state_->output.take(state_->session.get(), space);
    if (taken == 0) state_->hold.end_small();
    return taken;
}

bool ClientConnection::is_holding() const { return state_->hold.is_holding(); }

void ClientConnection::send_held() { state_->hold.let_go(state_->session.get()); }

bool ClientConnection::wants_output() const { return state_->output.is_wanted(state_->session.get()); }

bool ClientConnection::is_over() const { return !wants_output() && nghttp2_session_want_read(state_->session.get()) == 0; }

std::optional<Code> ClientConnection::failure() const { return state_->failure; }

bool ClientConnection::is_ready() const { return state_->has_settings; }
bool ClientConnection::takes_requests() const {
    return !state_->has_failed && !state_->is_ending && nghttp2_session_check_request_allowed(state_->session.get()) != 0;
}

std::size_t ClientConnection::free_streams() const {
    if (!takes_requests()) return 0;
    const std::uint32_t theirs = nghttp2_session_get_remote_settings(state_->session.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    const std::size_t most = std::min(theirs, state_->limits.streams);
    return most - std::min(most, open_streams());
}

std::size_t ClientConnection::open_streams() const {
    return static_cast<std::size_t>(std::ranges::count(state_->streams, false, &State::Stream::is_forgotten));
}
bool ClientConnection::takes_protocols() const {
    return nghttp2_session_get_remote_settings(state_->session.get(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

StreamId ClientConnection::open(std::string_view head, std::string_view scheme, bool has_body, std::string_view protocol) {
    State& state = *state_;
    if (!protocol.empty() && !takes_protocols()) return 0;
    if (free_streams() == 0 || !state.fields.set_request(head, scheme, protocol)) return 0;
    nghttp2_data_provider provider{};
    provider.read_callback = State::give_data;
    const StreamId id = nghttp2_submit_request(state.session.get(), nullptr, state.fields.data(), state.fields.count(),
                                               has_body ? &provider : nullptr, nullptr);
    if (id <= 0) return 0;
    State::Stream& stream = state.streams.emplace_back();
    stream.id = id;
    stream.has_body = has_body;
    state.guard.earn(price::request);
    return id;
}

void ClientConnection::send_body(StreamId stream, std::string_view data, bool is_last, std::string_view trailers) {
    State::Stream* const found = state_->find(stream);
    if (found == nullptr || found->fault) return;
    if (found->body.put(data, is_last, trailers)) nghttp2_session_resume_data(state_->session.get(), stream);
}

void ClientConnection::reset(StreamId stream, Code code) {
    if (State::Stream* const found = state_->find(stream)) state_->reset(*found, code);
}

void ClientConnection::forget(StreamId stream) {
    State::Stream* const found = state_->find(stream);
    if (found == nullptr) return;
    if (found->has_ended && found->body.is_ending() && !found->fault && state_->has_window(stream)) {
        found->is_forgotten = true;
        return;
    }
    if (!found->is_over()) state_->reset(*found, Code::Cancel);
    state_->erase(*found);
}

void ClientConnection::consume(StreamId stream, std::size_t bytes) {
    nghttp2_session_consume_stream(state_->session.get(), stream, bytes);
}

void ClientConnection::end() {
    if (std::exchange(state_->is_ending, true)) return;
    nghttp2_submit_goaway(state_->session.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
}

}  // namespace sluice::http2
