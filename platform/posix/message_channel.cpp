#include "posix/message_channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

/// What stands before every message; both ends run on one machine.
struct Prefix {
    std::uint32_t text_bytes = 0;
    std::uint32_t sockets = 0;
};

constexpr std::size_t most_text_bytes = std::size_t{1024} * 1024;
/// Linux takes 253 in one call.
constexpr std::size_t most_sockets = 64;
constexpr int patience_milliseconds = 5000;

/// Room for the descriptors that go with one call.
union Rights {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int) * most_sockets)> bytes;
};

Failure channel_failure(std::string_view what, std::error_code cause) {
    return fail(system_error(std::string(what), cause));
}

void attach(msghdr& message, Rights& rights, std::span<const NativeSocket> sockets) {
    // POSIX has socklen_t for the two lengths, Linux size_t.
    using Length = decltype(message.msg_controllen);
    const std::size_t size = sockets.size_bytes();
    message.msg_control = rights.bytes.data();
    message.msg_controllen = static_cast<Length>(CMSG_SPACE(size));
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = static_cast<Length>(CMSG_LEN(size));
    std::memcpy(CMSG_DATA(header), sockets.data(), size);
}

void detach(msghdr& message, std::deque<OwnedSocket>& sockets) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = no_socket;
            std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
            OwnedSocket socket(descriptor);
            if (set_non_blocking_and_private(descriptor)) sockets.push_back(std::move(socket));
        }
    }
}

}  // namespace

Result<void> MessageChannel::wait_writable() const {
    pollfd wait{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&wait, 1, patience_milliseconds);
    if (ready == 0) return channel_failure("the other process takes no message", std::make_error_code(std::errc::timed_out));
    return {};
}

Result<void> MessageChannel::send(std::string_view text, std::span<const NativeSocket> sockets) {
    const std::size_t attached = std::min(sockets.size(), most_sockets);
    if (attached < sockets.size()) {
        return channel_failure("too many sockets in one message", std::make_error_code(std::errc::argument_list_too_long));
    }
    const Prefix prefix{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(attached)};
    std::string bytes(reinterpret_cast<const char*>(&prefix), sizeof prefix);
    bytes.append(text);
    Rights rights{};
    bool is_attached = attached == 0;
    for (std::size_t sent = 0; sent < bytes.size();) {
        iovec piece{bytes.data() + sent, bytes.size() - sent};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        if (!is_attached) attach(message, rights, sockets);
        const ssize_t taken = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT);
        if (taken >= 0) {
            sent += static_cast<std::size_t>(taken);
            // Descriptors go with the first byte.
            is_attached = true;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            Result<void> ready = wait_writable();
            if (!ready) return ready;
        } else if (errno != EINTR) {
            return channel_failure("the other process takes no message", last_error());
        }
    }
    return {};
}

/// False when nothing is there.
Result<bool> MessageChannel::read_some() {
    std::array<char, 4096> buffer{};
    Rights rights{};
    iovec piece{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = rights.bytes.data();
    message.msg_controllen = sizeof rights.bytes;
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got < 0) return channel_failure("the other process can't be heard", last_error());
    if (got == 0) return channel_failure("the other process is gone", std::make_error_code(std::errc::broken_pipe));
    detach(message, sockets_);
    bytes_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
}

Result<std::optional<HandoverMessage>> MessageChannel::take_message() {
    Prefix prefix;
    if (bytes_.size() < sizeof prefix) return std::nullopt;
    std::memcpy(&prefix, bytes_.data(), sizeof prefix);
    const std::size_t size = sizeof prefix + prefix.text_bytes;
    if (prefix.text_bytes > most_text_bytes || prefix.sockets > most_sockets) {
        return channel_failure("the other process speaks another language", std::make_error_code(std::errc::bad_message));
    }
    if (bytes_.size() < size) return std::nullopt;
    if (sockets_.size() < prefix.sockets) {
        return channel_failure("descriptors are lost; is their limit reached?",
                               std::make_error_code(std::errc::too_many_files_open));
    }
    HandoverMessage message{bytes_.substr(sizeof prefix, prefix.text_bytes), {}};
    bytes_.erase(0, size);
    for (std::uint32_t i = 0; i < prefix.sockets; ++i) {
        message.sockets.push_back(std::move(sockets_.front()));
        sockets_.pop_front();
    }
    return message;
}

Result<std::optional<HandoverMessage>> MessageChannel::receive() {
    for (;;) {
        Result<std::optional<HandoverMessage>> message = take_message();
        if (!message || message->has_value()) return message;
        const Result<bool> more = read_some();
        if (!more) return fail(more.error());
        if (!*more) return std::nullopt;
    }
}

Result<ChannelPair> open_channel_pair() {
    std::array<int, 2> ends{no_socket, no_socket};
    const int made = ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data());
    ChannelPair pair{OwnedSocket(ends[0]), OwnedSocket(ends[1])};
    if (made != 0 || !set_non_blocking_and_private(ends[0]) || !set_non_blocking_and_private(ends[1])) {
        return channel_failure("opening a channel to another process", last_error());
    }
    return pair;
}

}  // namespace sluice::platform
