#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "net/eventual.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "platform/splice_pipe.hpp"
#include "proxy/message_body.hpp"
#include "proxy/tunnel_side.hpp"

namespace sluice::proxy {

/// A read of a stream, or a task that reads.
class [[nodiscard]] UpstreamRead {
public:
    UpstreamRead(net::Stream::ReadAwaiter read) : way_(std::move(read)) {}
    UpstreamRead(net::Task<Result<std::size_t>> task) : way_(std::move(task)) {}

    [[nodiscard]] bool await_ready() {
        auto* const read = std::get_if<net::Stream::ReadAwaiter>(&way_);
        return read != nullptr && read->await_ready();
    }
    bool await_suspend(std::coroutine_handle<> awaiter) {
        if (auto* const task = std::get_if<net::Task<Result<std::size_t>>>(&way_)) return task->await_suspend(awaiter);
        std::get<net::Stream::ReadAwaiter>(way_).await_suspend(awaiter);
        return true;
    }
    Result<std::size_t> await_resume() {
        return std::visit([](auto& way) { return way.await_resume(); }, way_);
    }

private:
    std::variant<net::Stream::ReadAwaiter, net::Task<Result<std::size_t>>> way_;
};

/// The way of one request to its upstream and back: a whole connection with HTTP/1.1, one of its streams with HTTP/2.
///
/// Threading: one worker; at most one coroutine sends and one reads.
/// Lifetime:  whoever was given it gives it back, once, and does not look at it afterwards; nobody waits in it then.
/// Failure:   side Internal or Upstream; Closed (the upstream is gone), Cancelled (abort), TimedOut (the deadline, or a write that
///            stalls), BadFraming. Retry::Always says that the upstream has not acted on the request, and tells so.
class UpstreamLink {
public:
    UpstreamLink(const UpstreamLink&) = delete;
    UpstreamLink& operator=(const UpstreamLink&) = delete;

    /// A part of a request.
    struct Part {
        /// Of HTTP/1.1, as http::HeadWriter writes it; empty in all parts but the first.
        std::string_view head;
        /// Of the body, which is framed as `framing` says.
        std::string_view first;
        std::string_view second = {};
        http::BodyKind framing = http::BodyKind::None;
        /// The request ends with it, or with these field lines.
        bool is_last = false;
        std::string_view trailers = {};
        /// What the request asks to change to, which its head says too; empty with most.
        std::string_view protocol = {};
    };
    /// Done when nothing of the part is needed any more.
    [[nodiscard]] virtual net::Eventual<Result<void>> send(Part part) = 0;

    /// Whether parts of such a body may come by a pipe, now that the head is out.
    [[nodiscard]] virtual bool can_splice(http::BodyKind /*framing*/) const { return false; }
    /// Sends what the pipe holds as a part of the body. Where it can't, it fails with Internal.
    [[nodiscard]] virtual net::Task<Result<void>> splice(platform::SplicePipe& /*pipe*/) {
        co_return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "this upstream takes no pipe", {}});
    }

    /// Reads of the heads of the response as HTTP/1.1 has them, interim ones too, and perhaps of what follows them; 0 at the end. It goes
    /// behind the `used` bytes of the buffer; an empty one is taken when there is something to read, so that waiting holds none.
    [[nodiscard]] virtual UpstreamRead read(net::Buffer& buffer, std::size_t used) = 0;
    /// For reads, also for one that goes on.
    virtual void set_read_deadline(TimePoint when) = 0;

    /// What comes after the final head, of which `buffered` has been read already; `idle` is how long it may say nothing.
    ///
    /// Lifetime: of the body: until the link is given back.
    [[nodiscard]] virtual MessageBody& begin_body(const http::Framing& framing, std::span<char> buffered, Duration idle) = 0;

    /// After the whole response: whether the way is free for another request.
    [[nodiscard]] virtual bool is_reusable() = 0;
    /// After a failure: whether the connection has come to its end, and not this request alone.
    [[nodiscard]] virtual bool has_lost_connection() const = 0;

    /// The connection has carried requests before.
    [[nodiscard]] virtual bool is_reused() const = 0;

    /// Whoever waits in it is resumed with Cancelled, now and from now on.
    virtual void abort() = 0;
    /// Only the reader is, this once.
    virtual void cancel_read() = 0;
    [[nodiscard]] virtual bool is_awaited() const = 0;

    /// Bytes that went out since it was asked last.
    [[nodiscard]] virtual std::uint64_t take_sent_bytes() = 0;
    /// What is handed over to another protocol; `plain` stands for a whole connection.
    [[nodiscard]] virtual TunnelSide& tunnel_side(StreamSide& plain) = 0;
    /// What was sent whole may come back all the same, as not acted on (Retry::Always).
    [[nodiscard]] virtual bool may_hand_back_unread() const = 0;
    /// Trailers may follow a body whose length was told, as they do in HTTP/2 alone.
    [[nodiscard]] virtual bool has_trailers_behind_length() const = 0;

    /// The request is over. What is not reusable is broken off.
    virtual void give_back(bool is_reusable) = 0;

protected:
    UpstreamLink() = default;
    ~UpstreamLink() = default;
};

}  // namespace sluice::proxy
