#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/buffer_pool.hpp"
#include "net/splice_pipes.hpp"
#include "net/task.hpp"
#include "net/timer_wheel.hpp"
#include "platform/socket.hpp"
#include "tls/client_context.hpp"
#include "tls/connection.hpp"
#include "tls/server_context.hpp"

namespace sluice::net {

class Worker;
class StreamCore;

/// Bytes to write, in a few pieces that go out in one system call.
class Pieces {
public:
    Pieces() = default;
    // Not an initializer_list: GCC 12 refuses one inside a co_await.
    Pieces(std::string_view first, std::string_view second = {}) {
        add(first);
        add(second);
    }
    void add(std::string_view piece) {
        if (!piece.empty()) pieces_[count_++] = piece;
    }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::span<const std::string_view> all() const { return {pieces_.data(), count_}; }
    [[nodiscard]] std::size_t size_bytes() const {
        std::size_t size = 0;
        for (const std::string_view piece : all()) size += piece.size();
        return size;
    }
    /// Drops `bytes` off the front.
    void consume(std::size_t bytes);

    static constexpr std::size_t most = 6;

private:
    std::array<std::string_view, most> pieces_{};
    std::size_t count_ = 0;
};

/// Why a wait in a stream ended without the system's doing.
[[nodiscard]] Error cancelled();
[[nodiscard]] Error timed_out();

/// Who is told when something arrives, or the peer leaves, while nobody reads.
class StreamWatcher {
public:
    virtual void on_unawaited_input() = 0;

protected:
    ~StreamWatcher() = default;
};

/// A connected byte stream on a worker: TCP, or a Unix-domain socket; plain, or with TLS behind the same calls.
///
/// Reading waits for readiness and reads then, so that an idle stream holds no buffer. Writing tries at once and
/// waits only for what the system does not take.
///
/// Threading: one worker. At most one reader and one writer at a time.
/// Lifetime:  move-only owner; destroying it closes the socket. No coroutine may be suspended in it then.
/// Failure:   Result with side Internal and code Closed (the peer is gone), Cancelled (abort) or
///            TimedOut (a deadline of the caller's passed); callers name the side. End of input reads as 0 bytes.
class Stream {
public:
    Stream() = default;
    /// Takes over a connected socket.
    Stream(Worker& worker, platform::NativeSocket socket);
    /// Takes over a core that the dialer has connected.
    explicit Stream(StreamCore& core) : core_(&core) {}
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&& other) noexcept;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    [[nodiscard]] bool is_open() const { return core_ != nullptr; }
    /// For net/ itself.
    [[nodiscard]] StreamCore* core() const { return core_; }

    class ReadableAwaiter;
    class ReadAwaiter;
    class WriteAwaiter;

    /// Waits until a read will not block, without a buffer. May report too early now and then.
    [[nodiscard]] ReadableAwaiter readable();
    /// Reads what is there, at least one byte; 0 at the end of input.
    [[nodiscard]] ReadAwaiter read(std::span<char> space);
    /// The same, at most `most_bytes`, into a buffer that is empty and is taken only when there is something to read; on failure and at
    /// the end of input it may stay empty.
    [[nodiscard]] ReadAwaiter read(Buffer& buffer, std::size_t most_bytes = BufferPool::read_bytes);
    /// Writes all of it.
    [[nodiscard]] WriteAwaiter write(Pieces pieces);
    /// Writes without waiting what the system takes, and drops it off the pieces; true when that was all. Otherwise `write_rest` has to
    /// follow, also with no piece left: the stream may have taken them and still have them to send.
    [[nodiscard]] Result<bool> try_write(Pieces& pieces);
    /// Goes on with what try_write has begun, and waits until all of it was taken.
    [[nodiscard]] WriteAwaiter write_rest(Pieces pieces);

    /// Reads without waiting; nullopt when nothing is there.
    [[nodiscard]] Result<std::optional<std::size_t>> try_read(std::span<char> space);

    /// Whether what comes may be spliced: it is plain, and the system can.
    [[nodiscard]] bool can_splice_in() const;
    /// Reads at most `most_bytes` into a pipe of the worker's that is taken when there is something to read. 0 and no pipe: it can't be
    /// done now, be it at the end of input or for want of a pipe, and a read has to follow.
    [[nodiscard]] ReadAwaiter splice_in(SplicePipes::Lent& pipe, std::size_t most_bytes);
    [[nodiscard]] bool can_splice_out() const;
    /// Writes all that the pipe holds, where `can_splice_out`.
    [[nodiscard]] Task<Result<void>> splice_out(platform::SplicePipe& pipe);

    /// Asks for the readiness event now, though nobody reads yet, so that the watcher hears of it.
    void watch(StreamWatcher* watcher);
    void unwatch();

    /// Whether a read may find something: not, as far as is known, where the last one has emptied the input. Asks nobody.
    [[nodiscard]] bool may_have_input() const;
    /// Whether the peer has closed or reset: a look at the input without taking it.
    [[nodiscard]] bool peer_has_closed();
    /// Whether bytes wait to be read.
    [[nodiscard]] bool has_input();
    /// Whether the last read emptied the input and the peer is there, as far as is known: looks only after a read that may
    /// have left something.
    [[nodiscard]] bool is_drained();

    /// A read that still waits when `when` passes fails with TimedOut.
    void set_read_deadline(TimePoint when);
    void clear_read_deadline();
    /// A write fails when the peer takes no byte for so long.
    void set_write_stall_limit(Duration limit);

    /// Whoever waits in this stream is resumed with ErrorCode::Cancelled, now and from now on.
    void abort();
    /// The same without resuming anybody: only what comes from now on fails.
    void refuse_waits();
    [[nodiscard]] bool is_awaited() const;
    /// Only the reader is resumed with Cancelled, this once.
    void cancel_read();
    /// Sends the end of input; reading goes on.
    void shutdown_send();
    /// Nothing is written behind the next write, and the end follows it at once: it goes out with it, over TLS with close_notify between
    /// (RFC 8446, 6.1).
    void end_with_next_write();
    /// The next close resets the connection, so that a peer in the middle of a message knows it is broken.
    void reset_on_close();

    /// Speaks TLS from now on, as a server; nothing has been read or written before. `handshake` comes next.
    void start_tls(const tls::ServerContext& context);
    /// The same as a client. The slot keeps the session for the next connection.
    void start_tls(const tls::ClientContext& context, const tls::ClientTarget& target, std::shared_ptr<tls::SessionSlot> slot);
    /// Goes on without TLS: for a word to a client that speaks none.
    void stop_tls();
    /// Agrees with the peer before `deadline`. Failure: as reading; the context of a refusal says why.
    [[nodiscard]] Task<Result<void>> handshake(TimePoint deadline);
    /// nullptr when it is plain.
    [[nodiscard]] const tls::Connection* tls() const;

    /// The user at the other end of a Unix-domain socket, where the system tells it.
    [[nodiscard]] std::optional<std::uint32_t> peer_user() const;

    [[nodiscard]] std::uint64_t bytes_written() const;
    [[nodiscard]] Worker& worker() const;

private:
    friend class StreamCore;
    StreamCore* core_ = nullptr;
};

class Stream::ReadableAwaiter {
public:
    explicit ReadableAwaiter(StreamCore& core) : core_(core) {}
    bool await_ready();
    void await_suspend(std::coroutine_handle<> waiter);
    Result<void> await_resume();

private:
    StreamCore& core_;
};

class Stream::ReadAwaiter {
public:
    ReadAwaiter(StreamCore& core, std::span<char> space) : core_(core), space_(space) {}
    ReadAwaiter(StreamCore& core, Buffer& buffer, std::size_t most_bytes) : core_(core), buffer_(&buffer), most_bytes_(most_bytes) {}
    ReadAwaiter(StreamCore& core, SplicePipes::Lent& pipe, std::size_t most_bytes) : core_(core), pipe_(&pipe), most_bytes_(most_bytes) {}
    bool await_ready();
    void await_suspend(std::coroutine_handle<> waiter);
    Result<std::size_t> await_resume();

private:
    friend class Stream;
    friend class StreamCore;
    [[nodiscard]] Result<std::optional<std::size_t>> try_read();
    [[nodiscard]] Result<std::optional<std::size_t>> try_splice();

    StreamCore& core_;
    std::span<char> space_;
    /// Instead of the space.
    Buffer* buffer_ = nullptr;
    SplicePipes::Lent* pipe_ = nullptr;
    std::size_t most_bytes_ = 0;
    Result<std::size_t> result_ = 0;
};

class Stream::WriteAwaiter {
public:
    enum class Begin : std::uint8_t { WithTry, WithWait };
    WriteAwaiter(StreamCore& core, Pieces pieces, Begin begin) : core_(core), pieces_(pieces), begin_(begin) {}
    bool await_ready();
    void await_suspend(std::coroutine_handle<> waiter);
    Result<void> await_resume();

private:
    friend class StreamCore;
    StreamCore& core_;
    Pieces pieces_;
    Begin begin_;
    Result<void> result_;
};

}  // namespace sluice::net
