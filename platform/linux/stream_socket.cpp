#include "platform/stream_socket.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/error.hpp>
#include <cerrno>
#include <utility>

namespace sluice::platform {
namespace {

constexpr std::uint32_t input_events = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
/// Beside the bytes in front of it, which a read takes alone: the end, an error, or urgent data (tcp(7)), at whose mark a read stops.
constexpr std::uint32_t behind_events = EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::size_t most_pieces = 8;

std::error_code system_error(int value) { return {value, asio::error::get_system_category()}; }

/// splice(2) where it is not to be had: filtered (seccomp(2)), or of a system that only looks like Linux.
bool is_refusal(int value) { return value == EPERM || value == ENOSYS || value == EINVAL || value == EOPNOTSUPP; }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Sanitizers look into these.
ssize_t receive(int socket, std::span<char> space) { return ::recv(socket, space.data(), space.size(), MSG_DONTWAIT); }
ssize_t send(int socket, std::string_view bytes, int flags) { return ::send(socket, bytes.data(), bytes.size(), flags); }
#else
// glibc makes a thread cancellable around its recv and send, which takes longer than all else that these do. Nothing cancels threads here.
ssize_t receive(int socket, std::span<char> space) {
    return ::syscall(SYS_recvfrom, socket, space.data(), space.size(), MSG_DONTWAIT, nullptr, nullptr);
}

ssize_t send(int socket, std::string_view bytes, int flags) {
    return ::syscall(SYS_sendto, socket, bytes.data(), bytes.size(), flags, nullptr, 0);
}
#endif

}  // namespace

void StreamSocket::assign(NativeSocket socket, std::error_code& error) {
    socket_ = socket;
    ends_with_write_ = false;
    enter(input_events, error);
    if (error) close();
}

void StreamSocket::open(const SocketAddress& address, std::error_code& error) {
    socket_ = ::socket(address.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.protocol().protocol());
    error = socket_ < 0 ? system_error(errno) : std::error_code();
    // There a read stops behind a message that has brought descriptors, with bytes behind it (unix(7)).
    must_read_on_ = address.protocol().family() == AF_UNIX;
}

/// Registers the socket, or changes what the set tells of it; what is there already is told as well.
void StreamSocket::enter(std::uint32_t events, std::error_code& error) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = std::uint64_t{generation_} << 32 | place_;
    const int how = told_events_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(reactor_.set(), how, socket_, &event) != 0) {
        error = system_error(errno);
        return;
    }
    error.clear();
    told_events_ = events;
}

void StreamSocket::close() {
    if (socket_ == no_socket) return;
    // A close alone would drop what was held back if something unread has come.
    if (ends_with_write_) shutdown_send();
    ::close(std::exchange(socket_, no_socket));
    ++generation_;
    told_events_ = 0;
    must_read_on_ = has_urgent_ = is_reset_ = ends_with_write_ = false;
    is_writable_ = true;
    wants_input_soon_ = ends_output_soon_ = false;
    output_ = Output::None;
    outcome_.clear();
}

std::size_t StreamSocket::read_some(std::span<char> space, std::error_code& error) {
    ssize_t got = 0;
    do {
        got = receive(socket_, space);
    } while (got < 0 && errno == EINTR);
    if (space.empty()) {
        error.clear();
        return 0;
    }
    return received(got, error);
}

std::size_t StreamSocket::read_some(SplicePipe& pipe, std::size_t most_bytes, std::error_code& error) {
    ssize_t got = 0;
    do {
        got = ::splice(socket_, nullptr, pipe.write_end_, nullptr, most_bytes, SPLICE_F_NONBLOCK);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && is_refusal(errno)) {
        error = std::make_error_code(std::errc::operation_not_supported);
        return 0;
    }
    pipe.held_bytes_ += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    return received(got, error);
}

std::size_t StreamSocket::received(std::ptrdiff_t bytes, std::error_code& error) const {
    if (bytes > 0) {
        error.clear();
        return static_cast<std::size_t>(bytes);
    }
    error = bytes == 0 ? std::error_code(asio::error::eof) : system_error(errno);
    // The system tells of a reset once, and a write may have been told.
    if (bytes == 0 && is_reset_) error = asio::error::connection_reset;
    return 0;
}

void StreamSocket::await_input(bool may_be_there) {
    if (!may_be_there) return;
    wants_input_soon_ = true;
    reactor_.call_soon(*this);
}

/// What is left of a last packet waits for the end, to be one with it (send(2), MSG_MORE).
int StreamSocket::send_flags() const { return MSG_DONTWAIT | MSG_NOSIGNAL | (ends_with_write_ ? MSG_MORE : 0); }

std::size_t StreamSocket::write_some(std::string_view bytes, std::error_code& error) {
    ssize_t sent = 0;
    do {
        sent = send(socket_, bytes, send_flags());
    } while (sent < 0 && errno == EINTR);
    return taken(sent, error);
}

std::size_t StreamSocket::write_some(std::span<const std::string_view> pieces, std::error_code& error) {
    if (pieces.size() == 1) return write_some(pieces.front(), error);
    std::array<iovec, most_pieces> vectors{};
    msghdr message{};
    message.msg_iov = vectors.data();
    for (const std::string_view piece : pieces.first(std::min(pieces.size(), most_pieces))) {
        vectors[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket_, &message, send_flags());
    } while (sent < 0 && errno == EINTR);
    return taken(sent, error);
}

/// A broken connection raises SIGPIPE here, whatever the flags: it has to be ignored (platform/signals.hpp).
std::size_t StreamSocket::write_some(SplicePipe& pipe, std::error_code& error) {
    const unsigned flags = SPLICE_F_NONBLOCK | (ends_with_write_ ? SPLICE_F_MORE : 0U);
    ssize_t sent = 0;
    do {
        sent = ::splice(pipe.read_end_, nullptr, socket_, nullptr, pipe.held_bytes_, flags);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && is_refusal(errno)) {
        error = std::make_error_code(std::errc::operation_not_supported);
        return 0;
    }
    pipe.held_bytes_ -= static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    return taken(sent, error);
}

std::size_t StreamSocket::taken(std::ptrdiff_t bytes, std::error_code& error) {
    if (bytes >= 0) {
        error.clear();
        return static_cast<std::size_t>(bytes);
    }
    error = system_error(errno);
    if (error == asio::error::would_block) is_writable_ = false;
    if (error == asio::error::connection_reset) is_reset_ = true;
    return 0;
}

void StreamSocket::start_write(std::string_view bytes) {
    single_ = bytes;
    start_write({&single_, 1});
}

void StreamSocket::start_write(std::span<const std::string_view> pieces) {
    pieces_ = pieces;
    output_ = Output::Write;
    if (is_writable_) {
        end_output_soon({});
        return;
    }
    if ((told_events_ & EPOLLOUT) != 0) return;
    // Most streams never come here: their peers take all at once.
    std::error_code error;
    enter(told_events_ | EPOLLOUT, error);
    if (error) end_output_soon(error);
}

void StreamSocket::start_connect(const SocketAddress& address) {
    output_ = Output::Connect;
    const bool is_done = ::connect(socket_, address.data(), static_cast<socklen_t>(address.size())) == 0;
    std::error_code error = is_done ? std::error_code() : system_error(errno);
    const bool is_under_way = error == asio::error::in_progress || error == asio::error::interrupted;
    // Not before: a socket without a connection is one that has been hung up on.
    if (is_done || is_under_way) enter(is_done ? input_events : input_events | EPOLLOUT, error);
    if (is_done || error) end_output_soon(error);
}

void StreamSocket::cancel() {
    if (output_ != Output::None) end_output_soon(asio::error::operation_aborted);
}

void StreamSocket::shutdown_send() {
    ends_with_write_ = false;
    ::shutdown(socket_, SHUT_WR);
}

void StreamSocket::reset_on_close() {
    // Whoever reads an end before the reset takes what is broken for whole.
    ends_with_write_ = false;
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void StreamSocket::on_events(std::uint32_t events) {
    const std::uint32_t generation = generation_;
    if ((events & behind_events) != 0) must_read_on_ = true;
    if ((events & EPOLLPRI) != 0) has_urgent_ = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
        is_writable_ = true;
        if (output_ == Output::Connect) {
            finish_connect();
        } else if (output_ == Output::Write) {
            go_on_writing();
        }
        if (generation_ != generation) return;
    }
    if ((events & (EPOLLIN | behind_events)) == 0) return;
    wants_input_soon_ = false;
    user_.on_input({});
}

void StreamSocket::on_soon() {
    const std::uint32_t generation = generation_;
    if (std::exchange(ends_output_soon_, false)) {
        if (output_ == Output::Write && !outcome_) {
            go_on_writing();
        } else {
            end_output(outcome_, 0);
        }
        if (generation_ != generation) return;
    }
    if (std::exchange(wants_input_soon_, false)) user_.on_input({});
}

void StreamSocket::finish_connect() {
    int value = 0;
    socklen_t size = sizeof value;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &value, &size);
    end_output(value == 0 ? std::error_code() : system_error(value), 0);
}

void StreamSocket::go_on_writing() {
    std::error_code error;
    const std::size_t bytes = pieces_.empty() ? 0 : write_some(pieces_, error);
    if (error != asio::error::would_block) {
        end_output(error, bytes);
    } else if ((told_events_ & EPOLLOUT) == 0) {
        start_write(pieces_);
    }
}

void StreamSocket::end_output(std::error_code error, std::size_t bytes) {
    const Output ended = std::exchange(output_, Output::None);
    ends_output_soon_ = false;
    outcome_.clear();
    if (ended == Output::Connect) {
        user_.on_connected(error);
    } else if (ended == Output::Write) {
        user_.on_written(error, bytes);
    }
}

void StreamSocket::end_output_soon(std::error_code outcome) {
    ends_output_soon_ = true;
    outcome_ = outcome;
    reactor_.call_soon(*this);
}

}  // namespace sluice::platform
