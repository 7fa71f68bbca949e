#include "unit/platform/client.hpp"

#include <array>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <thread>

#include "platform/socket_address.hpp"

namespace sluice::platform {
namespace {

constexpr std::chrono::seconds client_patience{10};

}  // namespace

Client::Client(const ListenAddress& address) {
    const Result<SocketAddress> target = socket_address(address);
    if (!target) return;
    std::error_code error;
    socket_.open(target->protocol(), error);
    if (!error) socket_.connect(*target, error);
    is_connected_ = !error;
}

std::uint16_t Client::port() {
    std::error_code ignored;
    return port_of(socket_.local_endpoint(ignored));
}

void Client::send(std::string_view text) {
    std::error_code ignored;
    asio::write(socket_, asio::buffer(text), ignored);
}

std::string Client::receive() {
    std::array<char, 256> space{};
    std::error_code error;
    const std::size_t bytes = socket_.receive(asio::buffer(space), 0, error);
    return {space.data(), error ? 0 : bytes};
}

void Client::shutdown_send() {
    std::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void Client::close() {
    std::error_code ignored;
    socket_.close(ignored);
}

ListenAddress any_loopback_port() {
    return {AddressFamily::Ipv4, "127.0.0.1", 0};
}

std::optional<Accepted> accept_soon(const OpenListener& listener) {
    const auto deadline = std::chrono::steady_clock::now() + client_patience;
    while (std::chrono::steady_clock::now() < deadline) {
        Result<std::optional<Accepted>> accepted = accept_connection(listener.native_handle());
        if (!accepted) return std::nullopt;
        if (accepted->has_value()) return std::move(*accepted);
        std::this_thread::yield();
    }
    return std::nullopt;
}

PeekState peek_until_changed(NativeSocket socket) {
    const auto deadline = std::chrono::steady_clock::now() + client_patience;
    PeekState state = peek_state(socket);
    while (state == PeekState::Open && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
        state = peek_state(socket);
    }
    return state;
}

}  // namespace sluice::platform
