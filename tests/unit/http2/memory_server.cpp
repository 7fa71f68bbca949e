#include "memory_server.hpp"

#include <algorithm>
#include <cstring>

#include "memory_values.hpp"

namespace sluice::http2 {
namespace {

MemoryServer& server_of(void* user) { return *static_cast<MemoryServer*>(user); }

}  // namespace

MemoryServer::MemoryServer(std::optional<std::uint32_t> most_streams, bool gives_windows) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_bad_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_option* options = nullptr;
    nghttp2_option_new(&options);
    nghttp2_option_set_no_auto_window_update(options, gives_windows ? 0 : 1);
    // Some tests send a head that is larger than any may be.
    nghttp2_option_set_max_send_header_block_length(options, std::size_t{1} << 24);
    nghttp2_option_set_stream_reset_rate_limit(options, 1 << 30, 1 << 30);
    nghttp2_session_server_new2(&session_, callbacks, this, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    if (most_streams) {
        allow_streams(*most_streams);
    } else {
        nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    }
}

void MemoryServer::allow_streams(std::uint32_t most) {
    const nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, most};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
}

void MemoryServer::respond(std::int32_t stream, const Fields& fields) {
    const std::vector<nghttp2_nv> values = values_of(fields);
    nghttp2_submit_response(session_, stream, values.data(), values.size(), nullptr);
}

void MemoryServer::respond(std::int32_t stream, const Fields& fields, std::string body, Fields trailers) {
    const std::vector<nghttp2_nv> values = values_of(fields);
    nghttp2_data_provider provider{};
    provider.read_callback = give_data;
    streams[stream].to_send = std::move(body);
    streams[stream].trailers = std::move(trailers);
    nghttp2_submit_response(session_, stream, values.data(), values.size(), &provider);
}

void MemoryServer::head(std::int32_t stream, const Fields& fields, bool is_last) {
    const std::vector<nghttp2_nv> values = values_of(fields);
    nghttp2_submit_headers(session_, is_last ? std::uint8_t{NGHTTP2_FLAG_END_STREAM} : std::uint8_t{NGHTTP2_FLAG_NONE}, stream, nullptr,
                           values.data(), values.size(), nullptr);
}

std::string MemoryServer::take_output() {
    std::string out;
    for (;;) {
        const std::uint8_t* data = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &data);
        if (size <= 0) return out;
        out += text_of(data, static_cast<std::size_t>(size));
    }
}

bool MemoryServer::receive(std::string_view bytes) {
    const auto taken = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size()) && !has_complained_;
}

int MemoryServer::on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    server_of(user).streams[frame->hd.stream_id].heads.emplace_back();
    return 0;
}

int MemoryServer::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                            const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    server_of(user).streams[frame->hd.stream_id].heads.back() += text_of(name, name_size) + "=" + text_of(value, value_size) + ";";
    return 0;
}

int MemoryServer::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    MemoryServer& server = server_of(user);
    const bool is_message = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (is_message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) server.streams[frame->hd.stream_id].has_ended = true;
    if (frame->hd.type == NGHTTP2_RST_STREAM) ++server.resets;
    if (frame->hd.type == NGHTTP2_GOAWAY) server.goaways.push_back(frame->goaway.error_code);
    return 0;
}

int MemoryServer::on_bad_frame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
    server_of(user).has_complained_ = true;
    return 0;
}

int MemoryServer::on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size, void* user) {
    server_of(user).streams[stream].body += text_of(data, size);
    return 0;
}

int MemoryServer::on_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* user) {
    server_of(user).streams[stream].is_closed = true;
    server_of(user).streams[stream].code = code;
    return 0;
}

ssize_t MemoryServer::give_data(nghttp2_session* session, std::int32_t id, std::uint8_t* space, std::size_t size, std::uint32_t* flags,
                                nghttp2_data_source*, void* user) {
    Stream& stream = server_of(user).streams[id];
    const std::size_t taken = std::min(size, stream.to_send.size());
    std::memcpy(space, stream.to_send.data(), taken);
    stream.to_send.erase(0, taken);
    if (!stream.to_send.empty()) return static_cast<ssize_t>(taken);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.trailers.empty()) return static_cast<ssize_t>(taken);
    const std::vector<nghttp2_nv> values = values_of(stream.trailers);
    nghttp2_submit_trailer(session, id, values.data(), values.size());
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return static_cast<ssize_t>(taken);
}

}  // namespace sluice::http2
