#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "net/stream.hpp"
#include "net/stream_tls.hpp"
#include "net/worker.hpp"
#include "platform/stream_socket.hpp"

namespace sluice::net {

/// What stands behind a Stream: the socket, its two pending operations and its deadlines. Outlives its
/// Stream until the system has answered every pending operation, then goes back to the worker.
class StreamCore final : private platform::StreamSocketUser {
public:
    using Socket = platform::StreamSocket;

    explicit StreamCore(Worker& worker);

    /// One from the worker's store, without a socket yet.
    static StreamCore& take(Worker& worker);
    /// Takes over a connected socket; one that can't be taken leaves the stream aborted.
    void assign(platform::NativeSocket socket);
    void close();

    [[nodiscard]] Socket& socket() { return socket_; }

    /// Connects the open socket; `waiter` goes on with `outcome` set.
    void start_connect(const platform::SocketAddress& address, TimePoint deadline,
                       std::coroutine_handle<> waiter, std::error_code& outcome);

    /// Whoever waits ends with ErrorCode::Cancelled, now and from now on; a connect, soon.
    void abort();

    [[nodiscard]] StreamCore* next_free() const { return next_free_; }

private:
    friend class Stream;
    friend class Stream::ReadableAwaiter;
    friend class Stream::ReadAwaiter;
    friend class Stream::WriteAwaiter;
    friend struct StreamTls;

    void give_back_if_idle();

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(std::span<char> space);
    /// 0: a read has to follow.
    [[nodiscard]] Result<std::optional<std::size_t>> splice_in(platform::SplicePipe& pipe, std::size_t most_bytes);
    /// False: nothing is taken now.
    [[nodiscard]] Result<bool> splice_out(platform::SplicePipe& pipe);
    [[nodiscard]] platform::PeekState peek();
    /// A peer that sends faster than we read would keep the worker for itself: now and then its next read waits for an event.
    [[nodiscard]] bool ends_turn();
    void arm_read();
    void on_input(std::error_code error) override;
    [[nodiscard]] bool is_nothing_for_watcher();
    void resume_reader();

    [[nodiscard]] std::size_t write_some(const Pieces& pieces, std::error_code& error);
    /// Writes what the system takes at once; true when nothing is left to wait for, or it has failed.
    bool try_write(Pieces& pieces, Result<void>& result);
    void start_write();
    void on_written(std::error_code error, std::size_t bytes) override;

    void on_read_deadline();
    void set_write_deadline(TimePoint when);
    void clear_write_deadline() {
        if (write_deadline_) write_deadline_->clear();
    }
    void on_write_deadline();
    void on_connected(std::error_code error) override;

    // stream_tls.cpp: the same with a connection that speaks TLS.
    void start_tls(std::unique_ptr<StreamTls> tls);
    [[nodiscard]] tls::Connection::Outcome step_tls_handshake();
    [[nodiscard]] Result<std::optional<std::size_t>> try_read_tls(std::span<char> space);
    [[nodiscard]] platform::PeekState peek_tls();
    [[nodiscard]] Result<void> encrypt(Pieces& pieces);
    [[nodiscard]] bool try_write_tls(Pieces& pieces, Result<void>& result);
    [[nodiscard]] bool send_tls_output();
    void send_some(const std::string& bytes, std::size_t& sent);
    void send_tls_aside();
    void flush_tls_aside();
    /// What the last step of a handshake has written waits for the first data, or for `prepare_wait`.
    void hold_tls_output();
    /// Before the peer is waited for: it gets what was held, and an idle connection does without buffers.
    void prepare_wait();
    void start_tls_write();
    void on_tls_written(std::error_code error, std::size_t bytes);
    void shut_tls();
    void shut_tls_and_send();
    void end_sending();

    // What every event touches comes first, and what only a wait to write needs last.
    Worker& worker_;
    StreamWatcher* watcher_ = nullptr;
    // Reading.
    std::coroutine_handle<> reader_;
    Stream::ReadAwaiter* read_ = nullptr;
    /// What the readiness event reported; every later read fails with it.
    std::error_code read_error_;
    /// Reads since the last event.
    std::uint32_t reads_in_turn_ = 0;
    bool read_armed_ = false;
    bool maybe_readable_ = false;
    bool read_timed_out_ = false;
    bool write_timed_out_ = false;
    bool write_pending_ = false;
    bool aborted_ = false;
    bool in_use_ = false;
    bool reset_on_close_ = false;
    std::uint64_t bytes_written_ = 0;
    /// nullptr while the stream is plain.
    std::unique_ptr<StreamTls> tls_;
    Deadline read_deadline_;
    Socket socket_;
    // Writing.
    std::coroutine_handle<> writer_;
    Stream::WriteAwaiter* write_ = nullptr;
    std::error_code* connect_outcome_ = nullptr;
    Duration write_stall_limit_ = std::chrono::seconds{60};
    /// Made when a write has to wait for the first time.
    std::unique_ptr<Deadline> write_deadline_;
    StreamCore* next_free_ = nullptr;
};

}  // namespace sluice::net
