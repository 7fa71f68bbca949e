#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <optional>

#include "platform/shared_listener.hpp"

namespace sluice::platform {

/// A blocking connection to a listener under test.
class Client {
public:
    explicit Client(const ListenAddress& address);

    [[nodiscard]] bool is_connected() const { return is_connected_; }
    /// Its own port, as the listener's side sees it.
    [[nodiscard]] std::uint16_t port();
    void send(std::string_view text);
    /// The next bytes; empty at the end of input.
    [[nodiscard]] std::string receive();
    void shutdown_send();
    void close();

private:
    asio::io_context context_;
    asio::generic::stream_protocol::socket socket_{context_};
    bool is_connected_ = false;
};

/// 127.0.0.1 with a port that the system chooses.
[[nodiscard]] ListenAddress any_loopback_port();

/// Accepts the connection that a client has made; the system may still be handing it over.
[[nodiscard]] std::optional<Accepted> accept_soon(const OpenListener& listener);

/// What peek_state says once it is no longer Open.
[[nodiscard]] PeekState peek_until_changed(NativeSocket socket);

}  // namespace sluice::platform
