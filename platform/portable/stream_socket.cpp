#include "platform/stream_socket.hpp"

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>

#include "platform/poller.hpp"
#include "platform/socket.hpp"

namespace sluice::platform {
namespace {

constexpr std::size_t most_pieces = 8;

/// The pieces as Asio takes them.
class WriteBuffers {
public:
    using value_type = asio::const_buffer;
    using const_iterator = const asio::const_buffer*;

    explicit WriteBuffers(std::span<const std::string_view> pieces) {
        for (const std::string_view piece : pieces.first(std::min(pieces.size(), most_pieces))) {
            buffers_[count_++] = asio::const_buffer(piece.data(), piece.size());
        }
    }
    [[nodiscard]] const_iterator begin() const { return buffers_.data(); }
    [[nodiscard]] const_iterator end() const { return buffers_.data() + count_; }

private:
    std::array<asio::const_buffer, most_pieces> buffers_;
    std::size_t count_ = 0;
};

}  // namespace

struct StreamSocket::InputCame {
    using allocator_type = OperationAllocator<void>;
    StreamSocket* socket;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(socket->input_memory_); }
    void operator()(std::error_code error) {
        socket->is_awaited_ = false;
        socket->user_.on_input(error);
    }
};

struct StreamSocket::Written {
    using allocator_type = OperationAllocator<void>;
    StreamSocket* socket;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(socket->output_memory_); }
    void operator()(std::error_code error, std::size_t bytes) {
        socket->is_sending_ = false;
        socket->user_.on_written(error, bytes);
    }
};

struct StreamSocket::Connected {
    using allocator_type = OperationAllocator<void>;
    StreamSocket* socket;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(socket->output_memory_); }
    void operator()(std::error_code error) {
        socket->is_sending_ = false;
        if (!error) socket->socket_.non_blocking(true, error);
        socket->user_.on_connected(error);
    }
};

void StreamSocket::assign(NativeSocket socket, std::error_code& error) {
    // The family only matters for opening sockets; this one is open.
    socket_.assign(asio::generic::stream_protocol(AF_INET, 0), socket, error);
    if (error) {
        // Asio has not become its owner.
        close_socket(socket);
        return;
    }
    socket_.non_blocking(true, error);
}

void StreamSocket::open(const SocketAddress& address, std::error_code& error) { socket_.open(address.protocol(), error); }

void StreamSocket::close() {
    std::error_code ignored;
    if (!poller_misses_close() || !socket_.is_open()) {
        socket_.close(ignored);
        return;
    }
    const NativeSocket socket = socket_.release(ignored);
    if (!ignored) close_socket(socket);
}

std::size_t StreamSocket::read_some(std::span<char> space, std::error_code& error) {
    return socket_.read_some(asio::mutable_buffer(space.data(), space.size()), error);
}

void StreamSocket::await_input(bool) {
    if (is_awaited_) return;
    is_awaited_ = true;
    socket_.async_wait(asio::socket_base::wait_read, InputCame{this});
}

std::size_t StreamSocket::write_some(std::string_view bytes, std::error_code& error) {
    return socket_.write_some(asio::const_buffer(bytes.data(), bytes.size()), error);
}

std::size_t StreamSocket::write_some(std::span<const std::string_view> pieces, std::error_code& error) {
    if (pieces.size() == 1) return write_some(pieces.front(), error);
    return socket_.write_some(WriteBuffers(pieces), error);
}

void StreamSocket::start_write(std::string_view bytes) {
    is_sending_ = true;
    socket_.async_write_some(asio::const_buffer(bytes.data(), bytes.size()), Written{this});
}

void StreamSocket::start_write(std::span<const std::string_view> pieces) {
    is_sending_ = true;
    socket_.async_write_some(WriteBuffers(pieces), Written{this});
}

void StreamSocket::start_connect(const SocketAddress& address) {
    is_sending_ = true;
    socket_.async_connect(address, Connected{this});
}

void StreamSocket::cancel() {
    std::error_code ignored;
    socket_.cancel(ignored);
}

void StreamSocket::shutdown_send() {
    std::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void StreamSocket::reset_on_close() {
    std::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

}  // namespace sluice::platform
