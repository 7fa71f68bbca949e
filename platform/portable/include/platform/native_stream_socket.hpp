#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

#include "platform/native_socket.hpp"
#include "platform/operation_memory.hpp"
#include "platform/reactor.hpp"
#include "platform/socket_address.hpp"
#include "platform/splice_pipe.hpp"
#include "platform/stream_socket_user.hpp"

namespace sluice::platform {

/// Over a socket of Asio's; platform/stream_socket.hpp has the contract.
class StreamSocket {
public:
    static constexpr bool tells_early = false;
    static constexpr bool ends_late = true;

    StreamSocket(Reactor& reactor, StreamSocketUser& user) : socket_(reactor.context_), user_(user) {}
    StreamSocket(const StreamSocket&) = delete;
    StreamSocket& operator=(const StreamSocket&) = delete;

    void assign(NativeSocket socket, std::error_code& error);
    void open(const SocketAddress& address, std::error_code& error);
    void close();
    [[nodiscard]] bool is_busy() const { return is_awaited_ || is_sending_; }
    [[nodiscard]] NativeSocket native_handle() { return socket_.native_handle(); }

    [[nodiscard]] std::size_t read_some(std::span<char> space, std::error_code& error);
    [[nodiscard]] static constexpr bool must_read_on() { return false; }
    [[nodiscard]] static constexpr bool can_splice() { return false; }
    [[nodiscard]] static std::size_t read_some(SplicePipe& /*pipe*/, std::size_t /*most_bytes*/, std::error_code& error) { return refuse(error); }
    /// The system looks for itself what is there.
    void await_input(bool may_be_there);

    [[nodiscard]] std::size_t write_some(std::string_view bytes, std::error_code& error);
    [[nodiscard]] std::size_t write_some(std::span<const std::string_view> pieces, std::error_code& error);
    [[nodiscard]] static std::size_t write_some(SplicePipe& /*pipe*/, std::error_code& error) { return refuse(error); }
    void start_write(std::string_view bytes);
    void start_write(std::span<const std::string_view> pieces);
    void start_connect(const SocketAddress& address);
    void cancel();

    void end_with_next_write() {}
    void shutdown_send();
    /// The next close resets the connection.
    void reset_on_close();

private:
    static std::size_t refuse(std::error_code& error) {
        error = std::make_error_code(std::errc::operation_not_supported);
        return 0;
    }

    struct InputCame;
    struct Written;
    struct Connected;

    asio::generic::stream_protocol::socket socket_;
    StreamSocketUser& user_;
    OperationMemory input_memory_;
    OperationMemory output_memory_;
    bool is_awaited_ = false;
    bool is_sending_ = false;
};

}  // namespace sluice::platform
