#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"

/// What names are looked up for, how, and what comes of it. Data and arithmetic alone; net/resolver.hpp does the work.
namespace sluice::net {

struct ResolverSettings {
    /// As "127.0.0.1:5353" or "[::1]:53"; empty takes the system's, which are read anew for each round of lookups.
    std::vector<std::string> servers;
    /// For one question to one server; every further try of all servers waits twice as long.
    Duration timeout = std::chrono::seconds{2};
    /// Of each server.
    std::uint32_t tries = 3;
    /// A name is looked up again after this at the latest, and after its TTL where that is sooner...
    Duration interval = std::chrono::seconds{30};
    /// ...but not sooner than this, which is also the time to the first try after a failure.
    Duration min_interval = std::chrono::seconds{1};
};

/// A name that is to be looked up.
struct Query {
    enum class Kind : std::uint8_t {
        /// Addresses: A and AAAA records, the hosts file, a literal.
        Host,
        /// SRV records (RFC 2782) and the addresses of their targets.
        Srv,
    };
    Kind kind = Kind::Host;
    std::string name;
    /// Of each address; Srv takes the records'.
    std::uint16_t port = 0;
};

struct ResolvedAddress {
    /// IPv4 or IPv6, without brackets.
    std::string literal;
    std::uint16_t port = 0;
    /// Of the SRV record, where 0 counts as 1; otherwise 1.
    std::uint32_t weight = 1;
    /// The rank of the SRV record's priority among the records: 0 is used first. At most `last_priority`.
    std::uint32_t priority = 0;

    friend bool operator==(const ResolvedAddress&, const ResolvedAddress&) = default;
};

inline constexpr std::uint32_t last_priority = 15;

/// How a lookup ended.
struct Resolution {
    /// In a fixed order, no address and port twice; empty on failure.
    std::vector<ResolvedAddress> addresses;
    /// Why there are none, such as "no such name (NXDOMAIN)"; empty on success.
    std::string error;
};

/// Ranks the priorities, sorts, and leaves out what stands there twice, where the lower priority stays. So equal
/// answers in another order are equal.
void put_in_order(std::vector<ResolvedAddress>& addresses);

/// From a successful lookup to the next.
[[nodiscard]] Duration refresh_delay(const ResolverSettings& settings, std::chrono::seconds ttl);

/// From the last of `failures` failed lookups in a row to the next: `min_interval`, doubled each time up to `interval`.
[[nodiscard]] Duration retry_delay(const ResolverSettings& settings, std::uint32_t failures);

}  // namespace sluice::net
