#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"

namespace sluice::tls {

/// The keys that protect session tickets (RFC 5077, 4). They are made at random, live in memory only, and change: a ticket
/// can be read as long as its key is one of the last three.
///
/// Threading: any thread. A lock is held for a copy of one key, once per handshake.
/// Lifetime:  outlives the contexts that use it; it stays when the configuration changes, so that clients can go on.
class TicketKeys {
public:
    struct Key {
        std::array<unsigned char, 16> name;
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
    };
    struct Found {
        Key key;
        /// Not the newest: the client should get a new ticket.
        bool is_old;
    };
    using Now = std::function<TimePoint()>;

    static constexpr std::size_t most_keys = 3;

    explicit TicketKeys(Duration rotation = std::chrono::hours{1}, Now now = [] { return Clock::now(); });

    /// The key for new tickets; nullopt when the system has no random numbers.
    [[nodiscard]] std::optional<Key> newest();
    [[nodiscard]] std::optional<Found> find(std::span<const unsigned char> name);

private:
    void rotate();

    Duration rotation_;
    Now now_;
    std::mutex mutex_;
    TimePoint made_;
    /// The newest first.
    std::vector<Key> keys_;
};

}  // namespace sluice::tls
