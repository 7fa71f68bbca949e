#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::http2 {

/// A head of HTTP/1.1, or field lines, as nghttp2 takes fields, without those that belong to a connection (RFC 9113, 8.2.2). Names are as
/// they were written: nghttp2 puts them in lower case as it copies them. One object serves many messages, one after the other, without
/// allocating once it is warm.
///
/// Lifetime: points into the text of the last message.
class MessageFields {
public:
    MessageFields() = default;
    MessageFields(const MessageFields&) = delete;
    MessageFields& operator=(const MessageFields&) = delete;

    /// A response's head, with its status line.
    void set_response(std::uint16_t status, std::string_view head);
    /// A request's head, with its request line; Host becomes :authority, TE is left out unless it is "trailers". With a protocol it becomes
    /// an extended CONNECT for that, without a WebSocket's key (RFC 8441, 4 and 5).
    /// Failure: false when it has no request line, or one for a tunnel or another proxy (CONNECT, a whole URL), or two hosts.
    [[nodiscard]] bool set_request(std::string_view head, std::string_view scheme, std::string_view protocol = {});
    void set_trailers(std::string_view lines);

    [[nodiscard]] const nghttp2_nv* data() const { return fields_.data(); }
    [[nodiscard]] std::size_t count() const { return fields_.size(); }

private:
    void clear();
    enum class Message : std::uint8_t { Response, Request, Connect };
    void add_lines(std::string_view lines, Message message);
    void add_line(std::string_view name, std::string_view value, Message message);
    void add_pseudo(std::string_view name, std::string_view value, int flags = NGHTTP2_NV_FLAG_NONE);
    void add(std::string_view name, std::string_view value, int flags);

    std::vector<nghttp2_nv> fields_;
    std::string_view host_;
    int hosts_ = 0;
    std::uint32_t messages_ = 0;
    /// Also fields with another value in each message go into HPACK's table.
    bool is_teaching_ = false;
};

}  // namespace sluice::http2
