#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

#include "platform/socket.hpp"

namespace sluice::proxy {

/// Counts client connections of the whole gateway and of each client address, and says no at the limits.
///
/// Threading: any thread. The count per address takes a lock, once when a connection begins and once when it ends, and only
///            while that limit is on (docs/decisions/0003-locks.md).
class ConnectionLimit {
public:
    /// 0 means no limit.
    ConnectionLimit(std::uint32_t most, std::uint32_t most_per_client)
        : most_(most), most_per_client_(most_per_client) {}

    /// False when the connection would be one too many; it is not counted then.
    [[nodiscard]] bool admit(const platform::Peer& peer);
    /// An admitted connection has ended.
    void leave(const platform::Peer& peer);

    /// Other limits from now on. Connections that are there stay; those that came while there was no limit per client are
    /// not counted for it.
    void use(std::uint32_t most, std::uint32_t most_per_client) {
        most_.store(most, std::memory_order_relaxed);
        most_per_client_.store(most_per_client, std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint32_t active() const { return active_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint32_t> most_;
    std::atomic<std::uint32_t> most_per_client_;
    /// Whether anything was ever counted by client: then what leaves is looked for.
    std::atomic<bool> counts_clients_{false};
    std::atomic<std::uint32_t> active_{0};
    std::mutex mutex_;
    std::map<std::array<std::uint8_t, 16>, std::uint32_t> by_client_;
};

}  // namespace sluice::proxy
