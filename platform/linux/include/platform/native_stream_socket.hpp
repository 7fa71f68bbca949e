#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

#include "platform/native_socket.hpp"
#include "platform/reactor.hpp"
#include "platform/socket_address.hpp"
#include "platform/splice_pipe.hpp"
#include "platform/stream_socket_user.hpp"

namespace sluice::platform {

/// Registered once in the reactor's epoll set, edge-triggered (epoll(7)): a wait costs no call of the system.
/// platform/stream_socket.hpp has the contract.
class StreamSocket {
public:
    static constexpr bool tells_early = true;
    static constexpr bool ends_late = false;

    StreamSocket(Reactor& reactor, StreamSocketUser& user) : reactor_(reactor), user_(user), place_(reactor.enlist(*this)) {}
    StreamSocket(const StreamSocket&) = delete;
    StreamSocket& operator=(const StreamSocket&) = delete;
    ~StreamSocket() { reactor_.forget(*this, place_); }

    void assign(NativeSocket socket, std::error_code& error);
    void open(const SocketAddress& address, std::error_code& error);
    void close();
    [[nodiscard]] static constexpr bool is_busy() { return false; }
    [[nodiscard]] NativeSocket native_handle() const { return socket_; }

    [[nodiscard]] std::size_t read_some(std::span<char> space, std::error_code& error);
    [[nodiscard]] bool must_read_on() const { return must_read_on_; }
    [[nodiscard]] bool can_splice() const { return !has_urgent_; }
    [[nodiscard]] std::size_t read_some(SplicePipe& pipe, std::size_t most_bytes, std::error_code& error);
    void await_input(bool may_be_there);

    [[nodiscard]] std::size_t write_some(std::string_view bytes, std::error_code& error);
    [[nodiscard]] std::size_t write_some(std::span<const std::string_view> pieces, std::error_code& error);
    [[nodiscard]] std::size_t write_some(SplicePipe& pipe, std::error_code& error);
    void start_write(std::string_view bytes);
    void start_write(std::span<const std::string_view> pieces);
    void start_connect(const SocketAddress& address);
    void cancel();

    void end_with_next_write() { ends_with_write_ = true; }
    void shutdown_send();
    /// The next close resets the connection.
    void reset_on_close();

private:
    friend class Reactor;
    enum class Output : std::uint8_t { None, Write, Connect };

    void enter(std::uint32_t events, std::error_code& error);
    void on_events(std::uint32_t events);
    void on_soon();
    void finish_connect();
    void go_on_writing();
    void end_output(std::error_code error, std::size_t bytes);
    void end_output_soon(std::error_code outcome);
    [[nodiscard]] int send_flags() const;
    [[nodiscard]] std::size_t received(std::ptrdiff_t bytes, std::error_code& error) const;
    [[nodiscard]] std::size_t taken(std::ptrdiff_t bytes, std::error_code& error);

    Reactor& reactor_;
    StreamSocketUser& user_;
    NativeSocket socket_ = no_socket;
    std::uint32_t place_;
    /// Which of the sockets that stood in this place one after the other: an event of an earlier one is none.
    std::uint32_t generation_ = 0;
    /// What the set tells of.
    std::uint32_t told_events_ = 0;
    bool must_read_on_ = false;
    /// Urgent data has come, at which a splice stops for good.
    bool has_urgent_ = false;
    bool is_reset_ = false;
    bool is_writable_ = true;
    bool ends_with_write_ = false;
    bool is_listed_ = false;
    bool wants_input_soon_ = false;
    bool ends_output_soon_ = false;
    Output output_ = Output::None;
    /// How the output ends when it does so without an event.
    std::error_code outcome_;
    std::string_view single_;
    std::span<const std::string_view> pieces_;
};

}  // namespace sluice::platform
