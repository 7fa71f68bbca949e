#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "http/serializer.hpp"
#include "net/eventual.hpp"
#include "net/task.hpp"
#include "platform/splice_pipe.hpp"

namespace sluice::proxy {

/// Writes the response of one exchange to its client, in HTTP/1.x or on a stream of HTTP/2.
///
/// Threading: one worker.
/// Failure:   Closed, TimedOut or Cancelled; the caller names the side.
class ResponseWriter {
public:
    ResponseWriter(const ResponseWriter&) = delete;
    ResponseWriter& operator=(const ResponseWriter&) = delete;

    /// Begins a head; fields are added to what it gives, then `end_head` closes it. `capacity_bytes` is room for all of it.
    [[nodiscard]] virtual http::HeadWriter& begin_head(std::uint16_t status, std::string_view reason, std::size_t capacity_bytes) = 0;
    /// Adds the fields of the framing and of the connection, and closes the head. `body` tells what is to come; UntilClose stands
    /// for a body of unknown length.
    /// Failure: false when the head did not fit or held a forbidden byte; nothing has been sent then.
    [[nodiscard]] virtual bool end_head(const http::Framing& body) = 0;

    /// Sends a piece of the body, and before it the head if that has not gone out. `is_last` ends the response. Done when the
    /// piece is not needed any more.
    [[nodiscard]] virtual net::Eventual<Result<void>> send(std::string_view data, bool is_last, std::string_view trailers = {}) = 0;

    /// Whether pieces of the body may come by a pipe, now that the head is out.
    [[nodiscard]] virtual bool can_splice() const { return false; }
    /// Sends what the pipe holds as a piece of the body. Where it can't, it fails with Internal.
    [[nodiscard]] virtual net::Task<Result<void>> splice(platform::SplicePipe& /*pipe*/, bool /*is_last*/) {
        co_return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "this response takes no pipe", {}});
    }

    /// Passes an interim response (1xx) on at once, its hop-by-hop fields removed before.
    [[nodiscard]] virtual net::Task<Result<void>> send_interim(const http::ResponseHead& head) = 0;

    /// Sends 101 with the fields of `head`, its hop-by-hop fields removed before, and is done: what follows is not HTTP.
    [[nodiscard]] virtual net::Task<Result<void>> send_switch(const http::ResponseHead& head, std::string_view protocol,
                                                              std::size_t capacity_bytes) = 0;

    /// This response is the connection's last. Before `end_head`.
    virtual void close_after() = 0;
    /// The same, unless a head that says otherwise is on its way: the client may rely on it.
    virtual void close_after_if_untold() = 0;
    /// The client finds the end of the body by the end of the connection.
    [[nodiscard]] virtual bool ends_by_close() const = 0;
    [[nodiscard]] virtual bool keeps_alive() const = 0;

    /// Bytes of a final head have gone out: an error can't be told any more but by closing.
    [[nodiscard]] bool has_begun() const { return head_sent_; }
    [[nodiscard]] bool is_complete() const { return is_complete_; }
    [[nodiscard]] std::uint16_t status() const { return status_; }
    [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }

protected:
    ResponseWriter() = default;
    ~ResponseWriter() = default;

    bool head_sent_ = false;
    bool is_complete_ = false;
    std::uint16_t status_ = 0;
    std::uint64_t body_bytes_ = 0;
};

}  // namespace sluice::proxy
