#include "net/stream_core.hpp"

#include <algorithm>
#include <asio/error.hpp>
#include <cassert>

namespace sluice::net {
namespace {

/// At most so many reads follow each other without an event between them.
constexpr std::uint32_t reads_per_turn = 16;
constexpr std::size_t most_joined_bytes = 2048;

Error closed_by_peer(std::error_code cause) {
    return {ErrorCode::Closed, Side::Internal, Retry::Never, {}, cause};
}

}  // namespace

Error cancelled() { return {ErrorCode::Cancelled, Side::Internal, Retry::Never, {}, {}}; }

Error timed_out() { return {ErrorCode::TimedOut, Side::Internal, Retry::Never, {}, {}}; }

StreamCore::StreamCore(Worker& worker)
    : worker_(worker),
      read_deadline_(
          worker.timers(), [](void* self) { static_cast<StreamCore*>(self)->on_read_deadline(); }, this),
      socket_(worker.reactor(), *this) {}

StreamCore& StreamCore::take(Worker& worker) {
    StreamCore* core = worker.free_streams_;
    if (core == nullptr) {
        core = new StreamCore(worker);
    } else {
        worker.free_streams_ = core->next_free_;
    }
    ++worker.lent_streams_;
    core->in_use_ = true;
    core->watcher_ = nullptr;
    core->maybe_readable_ = true;
    core->read_armed_ = core->write_pending_ = false;
    core->read_error_.clear();
    core->read_timed_out_ = core->write_timed_out_ = false;
    core->aborted_ = core->reset_on_close_ = false;
    core->bytes_written_ = 0;
    return *core;
}

void StreamCore::assign(platform::NativeSocket socket) {
    std::error_code error;
    socket_.assign(socket, error);
    if (error) aborted_ = true;
}

void StreamCore::close() {
    if (reset_on_close_) {
        socket_.reset_on_close();
    } else if (tls_) {
        shut_tls();
    }
    if (tls_) {
        tls_->connection.reset();
        worker_.tls_output().clear();
    }
    socket_.close();
    in_use_ = false;
    watcher_ = nullptr;
    read_deadline_.clear();
    clear_write_deadline();
    give_back_if_idle();
}

void StreamCore::give_back_if_idle() {
    if (in_use_ || socket_.is_busy()) return;
    tls_.reset();
    --worker_.lent_streams_;
    next_free_ = worker_.free_streams_;
    worker_.free_streams_ = this;
}

Result<std::optional<std::size_t>> StreamCore::try_read(std::span<char> space) {
    if (tls_) return try_read_tls(space);
    if (read_error_) return fail(closed_by_peer(read_error_));
    std::error_code error;
    const std::size_t bytes = socket_.read_some(space, error);
    if (!error) {
        // A short read has emptied the socket; the next byte comes with an event of its own. An end that came with these does not.
        maybe_readable_ = bytes == space.size() || socket_.must_read_on();
        return bytes;
    }
    if (error == asio::error::would_block || error == asio::error::try_again) {
        maybe_readable_ = false;
        return std::nullopt;
    }
    if (error == asio::error::eof) return std::size_t{0};
    return fail(closed_by_peer(error));
}

Result<std::optional<std::size_t>> StreamCore::splice_in(platform::SplicePipe& pipe, std::size_t most_bytes) {
    assert(!tls_ && pipe.held_bytes() == 0);
    if (read_error_) return fail(closed_by_peer(read_error_));
    std::error_code error;
    const std::size_t bytes = socket_.read_some(pipe, most_bytes, error);
    // A short one says nothing of what is left: the pipe may have had no place for more.
    if (!error) return bytes;
    const bool is_nothing_there = error == asio::error::would_block || error == asio::error::try_again;
    // A system short of memory says so too, though there is something, which no further event would tell of.
    if (is_nothing_there && socket_.can_splice() && peek() == platform::PeekState::Open) {
        maybe_readable_ = false;
        return std::nullopt;
    }
    // At urgent data a splice finds nothing, or what looks like the end, where a read goes on.
    if (is_nothing_there || error == asio::error::eof) return std::size_t{0};
    if (error != std::errc::operation_not_supported) return fail(closed_by_peer(error));
    worker_.splice_pipes().give_up();
    return std::size_t{0};
}

Result<bool> StreamCore::splice_out(platform::SplicePipe& pipe) {
    assert(!tls_);
    std::error_code error;
    const std::size_t bytes = socket_.write_some(pipe, error);
    bytes_written_ += bytes;
    if (bytes != 0) return true;
    if (error == asio::error::would_block || error == asio::error::try_again) return false;
    // These bytes are lost; the next ones are copied.
    if (error == std::errc::operation_not_supported) worker_.splice_pipes().give_up();
    return fail(closed_by_peer(error));
}

bool StreamCore::ends_turn() {
    // What has been decrypted already comes with no event.
    if (tls_ || ++reads_in_turn_ <= reads_per_turn) return false;
    reads_in_turn_ = 0;
    return true;
}

void StreamCore::arm_read() {
    read_armed_ = true;
    socket_.await_input(maybe_readable_ || (tls_ && !tls_->is_socket_empty));
}

void StreamCore::on_input(std::error_code error) {
    if (!in_use_) {
        give_back_if_idle();
        return;
    }
    const bool is_awaited = std::exchange(read_armed_, false);
    if (error == asio::error::operation_aborted) {
        // A write that stalled was cancelled, and all that waits in the socket with it.
        if (reader_ || watcher_ != nullptr) arm_read();
        return;
    }
    // IOCP tells of a reset once, here; the next read would take it for the end of input.
    read_error_ = error;
    maybe_readable_ = true;
    reads_in_turn_ = 0;
    if (tls_) tls_->is_socket_empty = false;
    if (!is_awaited) return;
    worker_.update_now();
    if (read_ != nullptr) {
        Result<std::optional<std::size_t>> got = read_->try_read();
        if (got && !got->has_value()) {
            arm_read();
            return;
        }
        read_->result_ = got ? Result<std::size_t>(**got) : fail(std::move(got.error()));
    }
    if (reader_) {
        resume_reader();
    } else if (watcher_ != nullptr) {
        if (is_nothing_for_watcher()) {
            arm_read();
        } else {
            watcher_->on_unawaited_input();
        }
    }
}

/// Tickets and the like are no input, and neither is what was read before its event was told of.
bool StreamCore::is_nothing_for_watcher() {
    if (tls_) return peek_tls() == platform::PeekState::Open;
    if (!Socket::tells_early || peek() != platform::PeekState::Open) return false;
    maybe_readable_ = false;
    return true;
}

void StreamCore::resume_reader() {
    read_ = nullptr;
    read_deadline_.clear();
    std::exchange(reader_, nullptr).resume();
}

void StreamCore::start_connect(const platform::SocketAddress& address,
                               TimePoint deadline, std::coroutine_handle<> waiter,
                               std::error_code& outcome) {
    writer_ = waiter;
    connect_outcome_ = &outcome;
    write_pending_ = true;
    set_write_deadline(deadline);
    socket_.start_connect(address);
}

void StreamCore::on_connected(std::error_code error) {
    worker_.update_now();
    write_pending_ = false;
    if (!in_use_) {
        give_back_if_idle();
        return;
    }
    clear_write_deadline();
    if (write_timed_out_) error = asio::error::timed_out;
    if (aborted_) error = asio::error::operation_aborted;
    write_timed_out_ = false;
    *std::exchange(connect_outcome_, nullptr) = error;
    std::exchange(writer_, nullptr).resume();
}

/// A gathered write costs the system more than one of the same bytes in one place; small ones cost more than to copy them there.
std::size_t StreamCore::write_some(const Pieces& pieces, std::error_code& error) {
    const std::span<const std::string_view> all = pieces.all();
    if (all.size() == 1) return socket_.write_some(all.front(), error);
    if (pieces.size_bytes() > most_joined_bytes) return socket_.write_some(all, error);
    std::array<char, most_joined_bytes> joined;
    char* end = joined.data();
    for (const std::string_view piece : all) end = std::copy(piece.begin(), piece.end(), end);
    return socket_.write_some(std::string_view(joined.data(), end), error);
}

bool StreamCore::try_write(Pieces& pieces, Result<void>& result) {
    if (tls_) return try_write_tls(pieces, result);
    while (!pieces.empty()) {
        std::error_code error;
        const std::size_t bytes = write_some(pieces, error);
        if (error == asio::error::would_block || error == asio::error::try_again) return false;
        if (error) {
            result = fail(closed_by_peer(error));
            return true;
        }
        bytes_written_ += bytes;
        pieces.consume(bytes);
    }
    return true;
}

void StreamCore::start_write() {
    set_write_deadline(worker_.now() + write_stall_limit_);
    if (tls_) {
        start_tls_write();
        return;
    }
    write_pending_ = true;
    socket_.start_write(write_->pieces_.all());
}

void StreamCore::start_tls_write() {
    if (write_pending_) return;
    write_pending_ = true;
    socket_.start_write(std::string_view(tls_->pending).substr(tls_->sent));
}

void StreamCore::on_written(std::error_code error, std::size_t bytes) {
    worker_.update_now();
    write_pending_ = false;
    if (!in_use_) {
        give_back_if_idle();
        return;
    }
    if (tls_) on_tls_written(error, bytes);
    if (write_ == nullptr) return;
    if (!tls_) {
        bytes_written_ += bytes;
        write_->pieces_.consume(bytes);
    }
    if (aborted_) {
        write_->result_ = fail(cancelled());
    } else if (write_timed_out_) {
        write_->result_ = fail(timed_out());
    } else if (error) {
        write_->result_ = fail(closed_by_peer(error));
    } else if (!try_write(write_->pieces_, write_->result_)) {
        start_write();
        return;
    }
    write_ = nullptr;
    clear_write_deadline();
    std::exchange(writer_, nullptr).resume();
}

void StreamCore::on_read_deadline() {
    if (!reader_) return;
    read_timed_out_ = true;
    if (read_ != nullptr) {
        read_->result_ = fail(timed_out());
    }
    resume_reader();
}

void StreamCore::set_write_deadline(TimePoint when) {
    if (!write_deadline_) {
        write_deadline_ = std::make_unique<Deadline>(
            worker_.timers(), [](void* self) { static_cast<StreamCore*>(self)->on_write_deadline(); }, this);
    }
    write_deadline_->set(when);
}

void StreamCore::on_write_deadline() {
    if (!writer_) return;
    write_timed_out_ = true;
    // The system still holds our bytes: the coroutine goes on when the operation has ended.
    socket_.cancel();
}

void StreamCore::abort() {
    aborted_ = true;
    if (writer_) socket_.cancel();
    if (reader_) {
        if (read_ != nullptr) read_->result_ = fail(cancelled());
        resume_reader();
    }
}

}  // namespace sluice::net
