#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http2 {

/// A server of HTTP/2 without sockets: nghttp2's own, and what has come to it by stream. It sends what it is told to, also what may not be.
class MemoryServer {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    struct Stream {
        /// The request's head and trailers, one after the other, as "name=value;".
        std::vector<std::string> heads;
        std::string body;
        bool has_ended = false;
        /// What has not been sent of the response's body, and what comes behind it.
        std::string to_send;
        Fields trailers;
        bool is_closed = false;
        std::uint32_t code = 0;
    };

    /// `gives_windows`: what has come is consumed at once, so that the client may go on.
    explicit MemoryServer(std::optional<std::uint32_t> most_streams = {}, bool gives_windows = true);
    MemoryServer(const MemoryServer&) = delete;
    MemoryServer& operator=(const MemoryServer&) = delete;
    ~MemoryServer() { nghttp2_session_del(session_); }

    /// A head that ends the stream.
    void respond(std::int32_t stream, const Fields& fields);
    void respond(std::int32_t stream, const Fields& fields, std::string body, Fields trailers = {});
    /// A head that ends nothing: an interim one, or whatever else.
    void head(std::int32_t stream, const Fields& fields, bool is_last = false);
    void reset(std::int32_t stream, std::uint32_t code) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, code); }
    void ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }
    void allow_streams(std::uint32_t most);
    void go_away(std::int32_t last) { nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0); }
    void consume(std::int32_t stream, std::size_t bytes) { nghttp2_session_consume(session_, stream, bytes); }

    /// What the client has set, NGHTTP2_SETTINGS_...
    [[nodiscard]] std::uint32_t setting(nghttp2_settings_id id) const { return nghttp2_session_get_remote_settings(session_, id); }

    /// What it wants to send now.
    [[nodiscard]] std::string take_output();
    /// False when the client has broken a rule.
    [[nodiscard]] bool receive(std::string_view bytes);

    std::map<std::int32_t, Stream> streams;
    std::vector<std::uint32_t> goaways;
    /// Frames that reset a stream, be it over or not.
    int resets = 0;

private:
    static int on_begin_headers(nghttp2_session*, const nghttp2_frame*, void*);
    static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*, std::size_t,
                         std::uint8_t, void*);
    static int on_frame(nghttp2_session*, const nghttp2_frame*, void*);
    static int on_bad_frame(nghttp2_session*, const nghttp2_frame*, int, void*);
    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*, std::size_t, void*);
    static int on_close(nghttp2_session*, std::int32_t, std::uint32_t, void*);
    static ssize_t give_data(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t, std::uint32_t*, nghttp2_data_source*, void*);

    nghttp2_session* session_ = nullptr;
    bool has_complained_ = false;
};

}  // namespace sluice::http2
