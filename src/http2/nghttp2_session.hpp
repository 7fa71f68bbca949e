#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::http2 {

template <auto destroy>
struct Destroy {
    template <typename T>
    void operator()(T* pointer) const {
        destroy(pointer);
    }
};
using Session = std::unique_ptr<nghttp2_session, Destroy<nghttp2_session_del>>;
using Callbacks = std::unique_ptr<nghttp2_session_callbacks, Destroy<nghttp2_session_callbacks_del>>;
using Options = std::unique_ptr<nghttp2_option, Destroy<nghttp2_option_del>>;

/// Bytes of one block of fields as they come, by the limit of those that may: no encoding needs more.
inline constexpr std::size_t most_block_factor = 2;

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

/// The callbacks by which a block of fields comes together in `State::text`.
template <typename State>
void set_field_callbacks(nghttp2_session_callbacks* made) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, [](nghttp2_session*, const nghttp2_frame*, void* user) {
        State::of(user).text.clear();
        return 0;
    });
    nghttp2_session_callbacks_set_on_header_callback(
        made, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                 std::size_t value_size, std::uint8_t, void* user) {
            State::of(user).text.add(text_of(name, name_size), text_of(value, value_size));
            return 0;
        });
    // Left to itself, nghttp2 drops such a field and takes the rest; it makes the whole malformed (RFC 9113, 8.2.1).
    nghttp2_session_callbacks_set_on_invalid_header_callback(
        made, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                 void*) { return static_cast<int>(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE); });
}

/// The callbacks that clients and servers need alike, the others as static functions of `State`.
template <typename State>
Callbacks make_callbacks() {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, State::on_begin_frame);
    set_field_callbacks<State>(made);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, State::on_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(made, State::on_unsendable);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, State::on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, State::on_bad_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, State::on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, State::on_close);
    return Callbacks(made);
}

/// What of nghttp2 is other than it comes: windows follow the owner, and our own blocks of fields may be so large.
inline Options make_options(std::size_t most_block_bytes) {
    nghttp2_option* made = nullptr;
    nghttp2_option_new(&made);
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_max_outbound_ack(made, 100);
    nghttp2_option_set_max_send_header_block_length(made, most_block_bytes);
    return Options(made);
}

/// nghttp2's memory, from the worker's free lists: it takes and gives back about ten blocks per request.
[[nodiscard]] nghttp2_mem* pooled_memory();

/// What a session has to send, in pieces of the caller's size.
///
/// Threading: one worker.
class Output {
public:
    /// Fills the space; yields how much of it.
    [[nodiscard]] std::size_t take(nghttp2_session* session, std::span<char> space);
    [[nodiscard]] bool is_wanted(nghttp2_session* session) const;

private:
    /// A frame of which the caller's space has taken a part. It belongs to the session.
    std::string_view unsent_;
};

}  // namespace sluice::http2
