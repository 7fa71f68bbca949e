#include "net/stream_tls.hpp"

#include <algorithm>
#include <asio/error.hpp>
#include <cstring>

#include "net/stream_core.hpp"

namespace sluice::net {
namespace {

using Status = tls::Connection::Status;

/// The largest record holds so much (RFC 8446, 5.1).
constexpr std::size_t record_bytes = 16384;
/// What is encrypted before it is sent.
constexpr std::size_t round_bytes = 4 * record_bytes;

Error closed(std::string why) { return {ErrorCode::Closed, Side::Internal, Retry::Never, std::move(why), {}}; }

}  // namespace

std::ptrdiff_t StreamTls::receive(std::span<char> space) {
    if (core.read_error_) return broken;
    // OpenSSL goes on as long as messages come that are no data: others have to have their turn, and answers to be read.
    if (budget == 0) return would_block;
    if (core.write_ == nullptr && unsent() > most_unsent) return broken;
    std::error_code error;
    const std::size_t bytes = core.socket_.read_some(space, error);
    budget -= std::min(budget, bytes);
    is_socket_empty = error == asio::error::would_block || error == asio::error::try_again;
    if (is_socket_empty) return would_block;
    if (!error) {
        is_socket_empty = bytes < space.size() && !core.socket_.must_read_on();
        return static_cast<std::ptrdiff_t>(bytes);
    }
    return error == asio::error::eof ? 0 : broken;
}

std::size_t StreamTls::unsent() const { return pending.size() - sent + queued.size() + core.worker_.tls_output().size(); }

void StreamTls::send(std::string_view bytes) { core.worker_.tls_output().append(bytes); }

void StreamCore::start_tls(std::unique_ptr<StreamTls> tls) {
    // There is no memory for it, or no name to check: nothing may pass.
    if (!tls->connection) {
        aborted_ = true;
        return;
    }
    tls_ = std::move(tls);
}

/// Sends what a call of OpenSSL has written. False when the system does not take all of it now.
bool StreamCore::send_tls_output() {
    std::string& output = worker_.tls_output();
    StreamTls& tls = *tls_;
    tls.is_held = false;
    if (write_pending_) {
        tls.queued.append(output);
        output.clear();
        return false;
    }
    if (tls.pending.empty()) {
        std::size_t sent = 0;
        send_some(output, sent);
        tls.pending.assign(output, sent);
    } else {
        tls.pending.append(output);
        send_some(tls.pending, tls.sent);
    }
    output.clear();
    if (tls.sent != tls.pending.size()) return false;
    tls.pending.clear();
    tls.sent = 0;
    return true;
}

/// Sends from `sent` on until the system takes no more; what can't be sent at all is as good as sent.
void StreamCore::send_some(const std::string& bytes, std::size_t& sent) {
    while (sent != bytes.size()) {
        const std::size_t count = socket_.write_some(std::string_view(bytes).substr(sent), tls_->send_error);
        if (tls_->send_error == asio::error::would_block || tls_->send_error == asio::error::try_again) {
            tls_->send_error.clear();
            return;
        }
        if (tls_->send_error) sent = bytes.size();
        sent += tls_->send_error ? 0 : count;
    }
}

void StreamCore::send_tls_aside() {
    if (!send_tls_output() && !write_pending_ && write_ == nullptr) start_tls_write();
}

/// After a call that was not meant to write: alerts and updates of keys go out in the background.
void StreamCore::flush_tls_aside() {
    if (!worker_.tls_output().empty()) send_tls_aside();
}

/// An upstream that takes no Finished has failed to be connected to: that is told before a request is sent.
void StreamCore::hold_tls_output() {
    if (write_pending_ || !tls_->pending.empty() || tls_->role == StreamTls::Role::Client) {
        flush_tls_aside();
        return;
    }
    tls_->pending.assign(worker_.tls_output());
    worker_.tls_output().clear();
    tls_->is_held = !tls_->pending.empty();
}

void StreamCore::prepare_wait() {
    if (!tls_) return;
    if (tls_->is_held) send_tls_aside();
    tls_->release();
}

tls::Connection::Outcome StreamCore::step_tls_handshake() {
    tls_->budget = StreamTls::turn_bytes;
    const tls::Connection::Outcome outcome = tls_->connection->handshake();
    if (outcome.status == Status::WantsInput) maybe_readable_ = false;
    if (tls_->connection->is_plain_http()) worker_.tls_output().clear();
    if (outcome.status == Status::Done) {
        hold_tls_output();
    } else {
        flush_tls_aside();
    }
    return outcome;
}

Result<std::optional<std::size_t>> StreamCore::try_read_tls(std::span<char> space) {
    tls::Connection& connection = *tls_->connection;
    tls_->budget = StreamTls::turn_bytes;
    const tls::Connection::Outcome outcome = connection.read(space);
    flush_tls_aside();
    switch (outcome.status) {
        case Status::Done:
            maybe_readable_ = outcome.bytes == space.size() || !tls_->is_socket_empty || connection.has_pending();
            return outcome.bytes;
        case Status::WantsInput: maybe_readable_ = false; return std::nullopt;
        case Status::Closed: return std::size_t{0};
        default: break;
    }
    return fail(closed(connection.reason()));
}

/// What waits in the input, beside what is no data. A look takes the bytes out of the socket, not out of the connection.
platform::PeekState StreamCore::peek_tls() {
    if (!tls_->connection->is_established()) return platform::peek_state(socket_.native_handle());
    tls_->budget = StreamTls::turn_bytes;
    const tls::Connection::Outcome outcome = tls_->connection->peek();
    flush_tls_aside();
    maybe_readable_ = outcome.status != Status::WantsInput;
    if (!maybe_readable_) return platform::PeekState::Open;
    return outcome.status == Status::Done ? platform::PeekState::HasData : platform::PeekState::Closed;
}

/// Encrypts the front of the pieces: one large piece as it is, small ones together in one record.
Result<void> StreamCore::encrypt(Pieces& pieces) {
    std::size_t left = round_bytes;
    while (!pieces.empty() && left != 0) {
        std::string_view next = pieces.all().front();
        std::string_view record = next.substr(0, left);
        char* const joined = worker_.tls_record();
        if (next.size() < record_bytes && pieces.all().size() > 1) {
            std::size_t size = 0;
            for (const std::string_view piece : pieces.all()) {
                const std::size_t taken = std::min(piece.size(), record_bytes - size);
                std::memcpy(joined + size, piece.data(), taken);
                size += taken;
            }
            record = {joined, size};
        }
        tls_->budget = StreamTls::turn_bytes;
        const tls::Connection::Outcome outcome = tls_->connection->write(record);
        if (outcome.status == Status::WantsInput) return fail(closed("the peer has begun a message and not ended it"));
        if (outcome.status != Status::Done) return fail(closed(tls_->connection->reason()));
        bytes_written_ += outcome.bytes;
        pieces.consume(outcome.bytes);
        left -= std::min(left, outcome.bytes);
    }
    return {};
}

bool StreamCore::try_write_tls(Pieces& pieces, Result<void>& result) {
    // What is held goes out with what follows.
    bool has_room = tls_->is_held && !pieces.empty();
    for (;; has_room = false) {
        const bool is_sent = has_room || send_tls_output();
        if (tls_->send_error) {
            result = fail(Error{ErrorCode::Closed, Side::Internal, Retry::Never, {}, tls_->send_error});
            return true;
        }
        if (!is_sent) return false;
        if (pieces.empty()) return true;
        const Result<void> encrypted = encrypt(pieces);
        if (encrypted && pieces.empty() && tls_->ends_with_write) tls_->connection->shutdown();
        if (encrypted) continue;
        result = encrypted;
        // The alert, if there is one; nothing of this connection may stay for the worker's next.
        std::ignore = send_tls_output();
        return true;
    }
}

/// The system has taken some; nobody may wait for it.
void StreamCore::on_tls_written(std::error_code error, std::size_t bytes) {
    tls_->sent += bytes;
    if (error && error != asio::error::operation_aborted) tls_->send_error = error;
    if (tls_->sent == tls_->pending.size()) {
        tls_->pending.clear();
        tls_->sent = 0;
    }
    tls_->pending.append(tls_->queued);
    tls_->queued.clear();
    if (tls_->pending.empty() && tls_->ends_after) end_sending();
    if (write_ == nullptr && tls_->pending.empty()) tls_->release();
    if (write_ != nullptr || error || tls_->pending.empty()) return;
    start_tls_write();
}

/// The last words of a connection, if the system takes them at once; what else was written goes nowhere.
void StreamCore::shut_tls() {
    if (!aborted_ && !tls_->send_error && !read_error_) {
        tls_->connection->shutdown();
        if (!worker_.tls_output().empty()) std::ignore = send_tls_output();
    }
    worker_.tls_output().clear();
}

/// The same while the stream goes on: the end of sending follows when all has been taken.
void StreamCore::shut_tls_and_send() {
    shut_tls();
    if (tls_->pending.empty()) {
        end_sending();
        return;
    }
    tls_->ends_after = true;
    if (!write_pending_ && write_ == nullptr) start_tls_write();
}

void StreamCore::end_sending() {
    socket_.shutdown_send();
}

}  // namespace sluice::net
