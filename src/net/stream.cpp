#include "net/stream.hpp"

#include "net/stream_core.hpp"
#include "platform/peer_user.hpp"
#include "platform/socket.hpp"

namespace sluice::net {

void Pieces::consume(std::size_t bytes) {
    std::size_t gone = 0;
    while (gone < count_ && bytes >= pieces_[gone].size()) bytes -= pieces_[gone++].size();
    if (gone < count_) pieces_[gone].remove_prefix(bytes);
    for (std::size_t i = gone; i < count_; ++i) pieces_[i - gone] = pieces_[i];
    count_ -= gone;
}

Stream::Stream(Worker& worker, platform::NativeSocket socket)
    : core_(&StreamCore::take(worker)) {
    core_->assign(socket);
}

Stream::Stream(Stream&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
    if (this != &other) {
        if (core_ != nullptr) core_->close();
        core_ = std::exchange(other.core_, nullptr);
    }
    return *this;
}

Stream::~Stream() {
    if (core_ != nullptr) core_->close();
}

Stream::ReadableAwaiter Stream::readable() { return ReadableAwaiter(*core_); }
Stream::ReadAwaiter Stream::read(std::span<char> space) { return {*core_, space}; }
Stream::ReadAwaiter Stream::read(Buffer& buffer, std::size_t most_bytes) { return {*core_, buffer, most_bytes}; }
Stream::WriteAwaiter Stream::write(Pieces pieces) { return {*core_, pieces, WriteAwaiter::Begin::WithTry}; }
Stream::WriteAwaiter Stream::write_rest(Pieces pieces) { return {*core_, pieces, WriteAwaiter::Begin::WithWait}; }

Result<bool> Stream::try_write(Pieces& pieces) {
    if (core_->aborted_) return fail(cancelled());
    Result<void> result;
    const bool is_over = core_->try_write(pieces, result);
    if (!result) return fail(std::move(result.error()));
    return is_over;
}

Result<std::optional<std::size_t>> Stream::try_read(std::span<char> space) {
    return core_->try_read(space);
}

bool Stream::can_splice_in() const {
    return !core_->tls_ && core_->socket_.can_splice() && core_->worker_.splice_pipes().may_have_any();
}

bool Stream::can_splice_out() const { return !core_->tls_; }

Stream::ReadAwaiter Stream::splice_in(SplicePipes::Lent& pipe, std::size_t most_bytes) { return {*core_, pipe, most_bytes}; }

Task<Result<void>> Stream::splice_out(platform::SplicePipe& pipe) {
    while (pipe.held_bytes() != 0) {
        if (core_->aborted_) co_return fail(cancelled());
        const Result<bool> written = core_->splice_out(pipe);
        if (!written) co_return fail(written.error());
        if (*written) continue;
        const Result<void> writable = co_await write_rest({});
        if (!writable) co_return writable;
    }
    co_return Result<void>{};
}

void Stream::watch(StreamWatcher* watcher) {
    core_->watcher_ = watcher;
    core_->prepare_wait();
    core_->arm_read();
}

void Stream::unwatch() { core_->watcher_ = nullptr; }

std::optional<std::uint32_t> Stream::peer_user() const { return platform::peer_user(core_->socket_.native_handle()); }

platform::PeekState StreamCore::peek() {
    return tls_ ? peek_tls() : platform::peek_state(socket_.native_handle());
}

bool Stream::may_have_input() const { return core_->maybe_readable_; }

bool Stream::peer_has_closed() { return core_->peek() == platform::PeekState::Closed; }

bool Stream::has_input() { return core_->peek() == platform::PeekState::HasData; }

bool Stream::is_drained() {
    if (!core_->maybe_readable_) return true;
    if (core_->peek() != platform::PeekState::Open) return false;
    core_->maybe_readable_ = false;
    return true;
}

void Stream::set_read_deadline(TimePoint when) {
    core_->read_timed_out_ = false;
    core_->read_deadline_.set(when);
}

void Stream::clear_read_deadline() { core_->read_deadline_.clear(); }

void Stream::set_write_stall_limit(Duration limit) { core_->write_stall_limit_ = limit; }

void Stream::abort() { core_->abort(); }

void Stream::refuse_waits() { core_->aborted_ = true; }

bool Stream::is_awaited() const { return core_->reader_ || core_->writer_; }

void Stream::cancel_read() {
    if (!core_->reader_) return;
    if (core_->read_ != nullptr) core_->read_->result_ = fail(cancelled());
    core_->resume_reader();
}

void Stream::shutdown_send() {
    if (core_->tls_) {
        core_->shut_tls_and_send();
    } else {
        core_->end_sending();
    }
}

void Stream::end_with_next_write() {
    if (core_->tls_) core_->tls_->ends_with_write = true;
    core_->socket_.end_with_next_write();
}

void Stream::reset_on_close() { core_->reset_on_close_ = true; }

void Stream::start_tls(const tls::ServerContext& context) {
    auto tls = std::make_unique<StreamTls>(*core_, StreamTls::Role::Server);
    tls->connection = context.open(*tls);
    core_->start_tls(std::move(tls));
}

void Stream::start_tls(const tls::ClientContext& context, const tls::ClientTarget& target,
                       std::shared_ptr<tls::SessionSlot> slot) {
    auto tls = std::make_unique<StreamTls>(*core_, StreamTls::Role::Client);
    tls->connection = context.open(*tls, target, std::move(slot));
    core_->start_tls(std::move(tls));
}

void Stream::stop_tls() {
    core_->tls_.reset();
    core_->maybe_readable_ = true;
}

const tls::Connection* Stream::tls() const { return core_->tls_ ? core_->tls_->connection.get() : nullptr; }

Task<Result<void>> Stream::handshake(TimePoint deadline) {
    using Status = tls::Connection::Status;
    for (;;) {
        const Status status = core_->step_tls_handshake().status;
        if (status == Status::Done && core_->tls_->is_held) co_return Result<void>{};
        // Before it waits for an answer.
        const Result<void> sent = co_await write({});
        if (status == Status::Done) co_return sent;
        if (status != Status::WantsInput) co_return fail(Error{ErrorCode::Closed, Side::Internal, Retry::Never, tls()->reason(), {}});
        if (!sent) co_return sent;
        set_read_deadline(deadline);
        const Result<void> ready = co_await readable();
        if (!ready) co_return ready;
    }
}

std::uint64_t Stream::bytes_written() const { return core_->bytes_written_; }
Worker& Stream::worker() const { return core_->worker_; }

bool Stream::ReadableAwaiter::await_ready() { return core_.aborted_ || core_.maybe_readable_; }

void Stream::ReadableAwaiter::await_suspend(std::coroutine_handle<> waiter) {
    core_.reader_ = waiter;
    core_.prepare_wait();
    core_.arm_read();
}

Result<void> Stream::ReadableAwaiter::await_resume() {
    if (core_.aborted_) return fail(cancelled());
    if (std::exchange(core_.read_timed_out_, false)) {
        return fail(timed_out());
    }
    return {};
}

Result<std::optional<std::size_t>> Stream::ReadAwaiter::try_read() {
    if (pipe_ != nullptr) return try_splice();
    if (buffer_ == nullptr) return core_.try_read(space_);
    *buffer_ = core_.worker_.buffers().take(most_bytes_);
    Result<std::optional<std::size_t>> got = core_.try_read(buffer_->from(0).first(most_bytes_));
    if (!got || !got->has_value()) buffer_->release();
    return got;
}

Result<std::optional<std::size_t>> Stream::ReadAwaiter::try_splice() {
    *pipe_ = core_.worker_.splice_pipes().take(core_.worker_.now());
    if (!*pipe_) return std::size_t{0};
    Result<std::optional<std::size_t>> got = core_.splice_in(**pipe_, most_bytes_);
    if ((*pipe_)->held_bytes() == 0) pipe_->reset();
    return got;
}

bool Stream::ReadAwaiter::await_ready() {
    if (core_.aborted_) {
        result_ = fail(cancelled());
        return true;
    }
    if (!core_.maybe_readable_ || core_.ends_turn()) return false;
    Result<std::optional<std::size_t>> got = try_read();
    if (got && !got->has_value()) return false;
    result_ = got ? Result<std::size_t>(**got) : fail(std::move(got.error()));
    return true;
}

void Stream::ReadAwaiter::await_suspend(std::coroutine_handle<> waiter) {
    core_.reader_ = waiter;
    core_.read_ = this;
    core_.prepare_wait();
    core_.arm_read();
}

Result<std::size_t> Stream::ReadAwaiter::await_resume() {
    core_.read_timed_out_ = false;
    core_.read_deadline_.clear();
    return std::move(result_);
}

bool Stream::WriteAwaiter::await_ready() {
    if (core_.aborted_) {
        result_ = fail(cancelled());
        return true;
    }
    return begin_ == Begin::WithTry && core_.try_write(pieces_, result_);
}

void Stream::WriteAwaiter::await_suspend(std::coroutine_handle<> waiter) {
    core_.writer_ = waiter;
    core_.write_ = this;
    core_.start_write();
}

Result<void> Stream::WriteAwaiter::await_resume() { return std::move(result_); }

}  // namespace sluice::net
