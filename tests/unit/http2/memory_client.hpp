#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http2 {

/// A client of HTTP/2 without sockets: nghttp2's own, and what has come to it by stream.
class MemoryClient {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    struct Stream {
        /// Heads one after the other as "name=value;", interim ones and trailers too.
        std::vector<std::string> heads;
        std::string body;
        /// What has not been sent of the request's body.
        std::string to_send;
        bool is_closed = false;
        std::uint32_t code = 0;
    };

    MemoryClient();
    MemoryClient(const MemoryClient&) = delete;
    MemoryClient& operator=(const MemoryClient&) = delete;
    ~MemoryClient() { nghttp2_session_del(session_); }

    [[nodiscard]] std::int32_t request(const Fields& fields);
    [[nodiscard]] std::int32_t request(const Fields& fields, std::string body);
    void reset(std::int32_t stream) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL); }
    void ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

    /// What it wants to send now.
    [[nodiscard]] std::string take_output();
    /// False when the server has broken a rule.
    [[nodiscard]] bool receive(std::string_view bytes);

    std::map<std::int32_t, Stream> streams;
    std::vector<std::uint32_t> goaways;
    std::vector<std::int32_t> goaway_streams;

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
