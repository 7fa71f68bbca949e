#include "net/stream_core.hpp"

#include <algorithm>

#include "platform/poller.hpp"

namespace sluice::net {
namespace {

/// At most so many reads follow each other without an event between them.
constexpr std::uint32_t reads_per_turn = 16;
constexpr std::size_t most_joined_bytes = 2048;

Error closed_by_peer(std::error_code cause) {
    return {ErrorCode::Closed, Side::Internal, Retry::Never, {}, cause};
}

/// The pieces as Asio takes them.
class WriteBuffers {
public:
    using value_type = asio::const_buffer;
    using const_iterator = const asio::const_buffer*;

    explicit WriteBuffers(const Pieces& pieces) {
        for (const std::string_view piece : pieces.all()) {
            buffers_[count_++] = asio::const_buffer(piece.data(), piece.size());
        }
    }
    [[nodiscard]] const_iterator begin() const { return buffers_.data(); }
    [[nodiscard]] const_iterator end() const { return buffers_.data() + count_; }

private:
    std::array<asio::const_buffer, Pieces::most> buffers_;
    std::size_t count_ = 0;
};

}  // namespace

Error cancelled() { return {ErrorCode::Cancelled, Side::Internal, Retry::Never, {}, {}}; }

Error timed_out() { return {ErrorCode::TimedOut, Side::Internal, Retry::Never, {}, {}}; }

struct StreamCore::ReadReady {
    using allocator_type = OperationAllocator<void>;
    StreamCore* core;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
        return allocator_type(core->read_memory_);
    }
    void operator()(std::error_code error) { core->on_readable(error); }
};

struct StreamCore::Written {
    using allocator_type = OperationAllocator<void>;
    StreamCore* core;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
        return allocator_type(core->write_memory_);
    }
    void operator()(std::error_code error, std::size_t bytes) { core->on_written(error, bytes); }
};

struct StreamCore::Connected {
    using allocator_type = OperationAllocator<void>;
    StreamCore* core;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
        return allocator_type(core->write_memory_);
    }
    void operator()(std::error_code error) { core->on_connected(error); }
};

StreamCore::StreamCore(Worker& worker)
    : worker_(worker),
      socket_(worker.context()),
      read_deadline_(
          worker.timers(), [](void* self) { static_cast<StreamCore*>(self)->on_read_deadline(); }, this),
      write_deadline_(
          worker.timers(), [](void* self) { static_cast<StreamCore*>(self)->on_write_deadline(); },
          this) {}

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
    core->read_error_.clear();
    core->read_timed_out_ = core->write_timed_out_ = false;
    core->aborted_ = core->reset_on_close_ = false;
    core->bytes_written_ = 0;
    core->tls_error_.clear();
    return *core;
}

void StreamCore::assign(platform::NativeSocket socket) {
    std::error_code error;
    // The family only matters for opening sockets; this one is open.
    socket_.assign(asio::generic::stream_protocol(AF_INET, 0), socket, error);
    if (error) {
        // Asio has not become its owner.
        platform::close_socket(socket);
        aborted_ = true;
        return;
    }
    socket_.non_blocking(true, error);
    if (error) aborted_ = true;
}

void StreamCore::close() {
    std::error_code ignored;
    if (reset_on_close_) {
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    } else if (tls_) {
        shut_tls();
    }
    if (tls_) {
        tls_->connection.reset();
        worker_.tls_output().clear();
    }
    close_socket();
    in_use_ = false;
    watcher_ = nullptr;
    read_deadline_.clear();
    write_deadline_.clear();
    give_back_if_idle();
}

void StreamCore::close_socket() {
    std::error_code ignored;
    if (!platform::poller_misses_close() || !socket_.is_open()) {
        socket_.close(ignored);
        return;
    }
    const platform::NativeSocket socket = socket_.release(ignored);
    if (!ignored) platform::close_socket(socket);
}

void StreamCore::give_back_if_idle() {
    if (in_use_ || read_armed_ || write_pending_) return;
    tls_.reset();
    --worker_.lent_streams_;
    next_free_ = worker_.free_streams_;
    worker_.free_streams_ = this;
}

Result<std::optional<std::size_t>> StreamCore::try_read(std::span<char> space) {
    if (tls_) return try_read_tls(space);
    if (read_error_) return fail(closed_by_peer(read_error_));
    std::error_code error;
    const std::size_t bytes =
        socket_.read_some(asio::mutable_buffer(space.data(), space.size()), error);
    if (!error) {
        // A short read has emptied the socket; the next byte comes with an event of its own.
        maybe_readable_ = bytes == space.size();
        return bytes;
    }
    if (error == asio::error::would_block || error == asio::error::try_again) {
        maybe_readable_ = false;
        return std::nullopt;
    }
    if (error == asio::error::eof) return std::size_t{0};
    return fail(closed_by_peer(error));
}

bool StreamCore::ends_turn() {
    // What has been decrypted already comes with no event.
    if (tls_ || ++reads_in_turn_ <= reads_per_turn) return false;
    reads_in_turn_ = 0;
    return true;
}

void StreamCore::arm_read() {
    if (read_armed_) return;
    read_armed_ = true;
    socket_.async_wait(asio::socket_base::wait_read, ReadReady{this});
}

void StreamCore::on_readable(std::error_code error) {
    worker_.update_now();
    read_armed_ = false;
    if (!in_use_) {
        give_back_if_idle();
        return;
    }
    if (error == asio::error::operation_aborted) {
        // A write that stalled was cancelled, and all that waits in the socket with it.
        if (reader_ || watcher_ != nullptr) arm_read();
        return;
    }
    // IOCP tells of a reset once, here; the next read would take it for the end of input.
    read_error_ = error;
    maybe_readable_ = true;
    reads_in_turn_ = 0;
    if (read_ != nullptr) {
        Result<std::optional<std::size_t>> got = try_read(read_->space_);
        if (got && !got->has_value()) {
            arm_read();
            return;
        }
        read_->result_ = got ? Result<std::size_t>(**got) : fail(std::move(got.error()));
    }
    if (reader_) {
        resume_reader();
    } else if (watcher_ != nullptr) {
        // Tickets and the like are no input.
        if (tls_ && peek_tls() == platform::PeekState::Open) {
            arm_read();
        } else {
            watcher_->on_unawaited_input();
        }
    }
}

void StreamCore::resume_reader() {
    read_ = nullptr;
    read_deadline_.clear();
    std::exchange(reader_, nullptr).resume();
}

void StreamCore::start_connect(const asio::generic::stream_protocol::endpoint& endpoint,
                               TimePoint deadline, std::coroutine_handle<> waiter,
                               std::error_code& outcome) {
    writer_ = waiter;
    connect_outcome_ = &outcome;
    write_pending_ = true;
    write_deadline_.set(deadline);
    socket_.async_connect(endpoint, Connected{this});
}

void StreamCore::on_connected(std::error_code error) {
    worker_.update_now();
    write_pending_ = false;
    if (!in_use_) {
        give_back_if_idle();
        return;
    }
    write_deadline_.clear();
    if (write_timed_out_) error = asio::error::timed_out;
    if (aborted_) error = asio::error::operation_aborted;
    if (!error) socket_.non_blocking(true, error);
    write_timed_out_ = false;
    *std::exchange(connect_outcome_, nullptr) = error;
    std::exchange(writer_, nullptr).resume();
}

/// A gathered write costs the system more than one of the same bytes in one place; small ones cost more than to copy them there.
std::size_t StreamCore::write_some(const Pieces& pieces, std::error_code& error) {
    const std::span<const std::string_view> all = pieces.all();
    if (all.size() == 1) return socket_.write_some(asio::const_buffer(all[0].data(), all[0].size()), error);
    if (pieces.size_bytes() > most_joined_bytes) return socket_.write_some(WriteBuffers(pieces), error);
    std::array<char, most_joined_bytes> joined;
    char* end = joined.data();
    for (const std::string_view piece : all) end = std::copy(piece.begin(), piece.end(), end);
    return socket_.write_some(asio::const_buffer(joined.data(), static_cast<std::size_t>(end - joined.data())), error);
}

bool StreamCore::try_write(Stream::WriteAwaiter& writer) {
    if (tls_) return try_write_tls(writer);
    while (!writer.pieces_.empty()) {
        std::error_code error;
        const std::size_t bytes = write_some(writer.pieces_, error);
        if (error == asio::error::would_block || error == asio::error::try_again) return false;
        if (error) {
            writer.result_ = fail(closed_by_peer(error));
            return true;
        }
        bytes_written_ += bytes;
        writer.pieces_.consume(bytes);
    }
    return true;
}

void StreamCore::start_write() {
    write_deadline_.set(worker_.now() + write_stall_limit_);
    if (tls_) {
        start_tls_write();
        return;
    }
    write_pending_ = true;
    socket_.async_write_some(WriteBuffers(write_->pieces_), Written{this});
}

void StreamCore::start_tls_write() {
    if (write_pending_) return;
    write_pending_ = true;
    const std::string_view left = std::string_view(tls_->pending).substr(tls_->sent);
    socket_.async_write_some(asio::const_buffer(left.data(), left.size()), Written{this});
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
    } else if (!try_write(*write_)) {
        start_write();
        return;
    }
    write_ = nullptr;
    write_deadline_.clear();
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

void StreamCore::on_write_deadline() {
    if (!writer_) return;
    write_timed_out_ = true;
    // The system still holds our bytes: the coroutine goes on when the operation has ended.
    std::error_code ignored;
    socket_.cancel(ignored);
}

void StreamCore::abort() {
    aborted_ = true;
    if (writer_) {
        std::error_code ignored;
        socket_.cancel(ignored);
    }
    if (reader_) {
        if (read_ != nullptr) read_->result_ = fail(cancelled());
        resume_reader();
    }
}

}  // namespace sluice::net
