#include "windows/message_pipe.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace sluice::platform {
namespace {

/// What stands before every message; both ends run on one machine.
struct Prefix {
    std::uint32_t text_bytes = 0;
    std::uint32_t sockets = 0;
};

constexpr std::size_t most_text_bytes = std::size_t{1024} * 1024;
constexpr std::size_t most_sockets = 64;

/// A socket that another process has duplicated for this one. Its mode and its events belong to both processes: here nothing
/// may be set, or the other would not hear of connections any more.
OwnedSocket open_duplicate(WSAPROTOCOL_INFOW& description) {
    start_winsock();
    OwnedSocket socket(::WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &description, 0,
                                    WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
    if (socket.is_open()) ::SetHandleInformation(reinterpret_cast<HANDLE>(socket.get()), HANDLE_FLAG_INHERIT, 0);
    return socket;
}

}  // namespace

bool read_available(HANDLE pipe, std::string& bytes) {
    std::array<char, 4096> buffer{};
    DWORD waiting = 0;
    while (::PeekNamedPipe(pipe, nullptr, 0, nullptr, &waiting, nullptr) != 0) {
        if (waiting == 0) return true;
        DWORD got = 0;
        const DWORD wanted = std::min<DWORD>(waiting, static_cast<DWORD>(buffer.size()));
        if (::ReadFile(pipe, buffer.data(), wanted, &got, nullptr) == 0) return false;
        bytes.append(buffer.data(), got);
    }
    return false;
}

Result<void> MessagePipe::send(std::string_view text, std::span<const NativeSocket> sockets, DWORD process) {
    const Prefix prefix{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(sockets.size())};
    std::string bytes(reinterpret_cast<const char*>(&prefix), sizeof prefix);
    bytes.append(text);
    for (const NativeSocket socket : sockets) {
        WSAPROTOCOL_INFOW description{};
        if (::WSADuplicateSocketW(socket, process, &description) != 0) {
            return fail(system_error("sharing a socket with another process", last_socket_error()));
        }
        bytes.append(reinterpret_cast<const char*>(&description), sizeof description);
    }
    for (std::string_view left = bytes; !left.empty();) {
        DWORD written = 0;
        if (::WriteFile(out_.get(), left.data(), static_cast<DWORD>(left.size()), &written, nullptr) == 0) {
            return fail(system_error("the other process takes no message", last_system_error()));
        }
        left.remove_prefix(written);
    }
    return {};
}

Result<std::optional<HandoverMessage>> MessagePipe::take_message() {
    Prefix prefix;
    if (bytes_.size() < sizeof prefix) return std::nullopt;
    std::memcpy(&prefix, bytes_.data(), sizeof prefix);
    if (prefix.text_bytes > most_text_bytes || prefix.sockets > most_sockets) {
        return fail(system_error("the other process speaks another language", std::make_error_code(std::errc::bad_message)));
    }
    const std::size_t sockets_at = sizeof prefix + prefix.text_bytes;
    const std::size_t size = sockets_at + prefix.sockets * sizeof(WSAPROTOCOL_INFOW);
    if (bytes_.size() < size) return std::nullopt;
    HandoverMessage message{bytes_.substr(sizeof prefix, prefix.text_bytes), {}};
    for (std::uint32_t i = 0; i < prefix.sockets; ++i) {
        WSAPROTOCOL_INFOW description{};
        std::memcpy(&description, bytes_.data() + sockets_at + i * sizeof description, sizeof description);
        message.sockets.push_back(open_duplicate(description));
        if (!message.sockets.back().is_open()) {
            return fail(system_error("taking a socket from another process", last_socket_error()));
        }
    }
    bytes_.erase(0, size);
    return message;
}

Result<std::optional<HandoverMessage>> MessagePipe::receive() {
    const bool is_open = read_available(in_.get(), bytes_);
    Result<std::optional<HandoverMessage>> message = take_message();
    if (!message || message->has_value() || is_open) return message;
    return fail(system_error("the other process is gone", std::make_error_code(std::errc::broken_pipe)));
}

}  // namespace sluice::platform
