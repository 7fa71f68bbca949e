#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "tls/client_context.hpp"
#include "tls/server_context.hpp"

namespace sluice::test {

/// One direction is the other end's; a cut decides how many of the waiting bytes the next read gets.
class MemoryWire final : public tls::Wire {
public:
    std::ptrdiff_t receive(std::span<char> space) override {
        if (input.empty()) return has_ended ? 0 : would_block;
        const std::size_t most = cut ? std::max<std::size_t>(1, cut(input.size())) : input.size();
        const std::size_t size = std::min({most, space.size(), input.size()});
        std::memcpy(space.data(), input.data(), size);
        input.erase(0, size);
        return static_cast<std::ptrdiff_t>(size);
    }
    void send(std::string_view bytes) override { peer->input.append(bytes); }

    std::string input;
    bool has_ended = false;
    MemoryWire* peer = nullptr;
    std::function<std::size_t(std::size_t)> cut;
};

/// A client and a server in memory.
struct MemoryPair {
    using Status = tls::Connection::Status;

    MemoryPair(const tls::ClientContext& client_context, const tls::ServerContext& server_context, const std::string& name,
               std::shared_ptr<tls::SessionSlot> slot = nullptr) {
        client_wire.peer = &server_wire;
        server_wire.peer = &client_wire;
        client = client_context.open(client_wire, {name, "10.0.0.5:443"}, std::move(slot));
        server = server_context.open(server_wire);
    }

    /// True when both ends agree.
    bool shake() {
        Status at_client = Status::WantsInput;
        Status at_server = Status::WantsInput;
        for (int i = 0; i < 5000 && (at_client == Status::WantsInput || at_server == Status::WantsInput); ++i) {
            if (at_client == Status::WantsInput) at_client = client->handshake().status;
            if (at_server == Status::WantsInput) at_server = server->handshake().status;
        }
        return at_client == Status::Done && at_server == Status::Done;
    }

    /// Everything that has come, up to whatever ends it.
    static std::string read_all(tls::Connection& connection, Status& end) {
        std::string text;
        std::array<char, 4096> space{};
        for (int i = 0; i < 200000; ++i) {
            const tls::Connection::Outcome got = connection.read(space);
            end = got.status;
            if (got.status != Status::Done) break;
            text.append(space.data(), got.bytes);
        }
        return text;
    }

    MemoryWire client_wire;
    MemoryWire server_wire;
    std::unique_ptr<tls::Connection> client;
    std::unique_ptr<tls::Connection> server;
};

}  // namespace sluice::test
