#include "memory_client.hpp"

#include <algorithm>
#include <cstring>

#include "memory_values.hpp"

namespace sluice::http2 {
namespace {

MemoryClient& client_of(void* user) { return *static_cast<MemoryClient*>(user); }

}  // namespace

MemoryClient::MemoryClient() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_bad_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
}

std::int32_t MemoryClient::request(const Fields& fields) {
    const std::vector<nghttp2_nv> values = values_of(fields);
    const std::int32_t stream = nghttp2_submit_request(session_, nullptr, values.data(), values.size(), nullptr, nullptr);
    streams[stream];
    return stream;
}

std::int32_t MemoryClient::request(const Fields& fields, std::string body) {
    const std::vector<nghttp2_nv> values = values_of(fields);
    nghttp2_data_provider provider{};
    provider.read_callback = give_data;
    const std::int32_t stream = nghttp2_submit_request(session_, nullptr, values.data(), values.size(), &provider, nullptr);
    streams[stream].to_send = std::move(body);
    return stream;
}

std::string MemoryClient::take_output() {
    std::string out;
    for (;;) {
        const std::uint8_t* data = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &data);
        if (size <= 0) return out;
        out += text_of(data, static_cast<std::size_t>(size));
    }
}

bool MemoryClient::receive(std::string_view bytes) {
    const auto taken = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size()) && !has_complained_;
}

int MemoryClient::on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    client_of(user).streams[frame->hd.stream_id].heads.emplace_back();
    return 0;
}

int MemoryClient::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                            const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    client_of(user).streams[frame->hd.stream_id].heads.back() += text_of(name, name_size) + "=" + text_of(value, value_size) + ";";
    return 0;
}

int MemoryClient::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_GOAWAY) return 0;
    client_of(user).goaways.push_back(frame->goaway.error_code);
    client_of(user).goaway_streams.push_back(frame->goaway.last_stream_id);
    return 0;
}

int MemoryClient::on_bad_frame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
    client_of(user).has_complained_ = true;
    return 0;
}

int MemoryClient::on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size, void* user) {
    client_of(user).streams[stream].body += text_of(data, size);
    return 0;
}

int MemoryClient::on_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* user) {
    client_of(user).streams[stream].is_closed = true;
    client_of(user).streams[stream].code = code;
    return 0;
}

ssize_t MemoryClient::give_data(nghttp2_session*, std::int32_t stream, std::uint8_t* space, std::size_t size, std::uint32_t* flags,
                                nghttp2_data_source*, void* user) {
    std::string& rest = client_of(user).streams[stream].to_send;
    const std::size_t taken = std::min(size, rest.size());
    std::memcpy(space, rest.data(), taken);
    rest.erase(0, taken);
    if (rest.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
}

}  // namespace sluice::http2
