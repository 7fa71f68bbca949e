#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::net {

/// One SRV record (RFC 2782).
struct SrvRecord {
    /// Without a dot at its end; empty says that there is no such service.
    std::string target;
    std::uint16_t port = 0;
    std::uint16_t weight = 0;
    std::uint16_t priority = 0;

    friend bool operator==(const SrvRecord&, const SrvRecord&) = default;
};

struct SrvReply {
    std::vector<SrvRecord> records;
    /// The shortest of the answers, CNAME records on the way included; 0 without any.
    std::chrono::seconds ttl{0};
};

/// TYPE of RFC 2782 and CLASS of RFC 1035 (3.2.4).
inline constexpr std::uint16_t type_srv = 33;
inline constexpr std::uint16_t class_internet = 1;

/// Further records of a reply are left out.
inline constexpr std::size_t most_srv_records = 256;

/// Reads the SRV records in the answer of a DNS message (RFC 1035, 4.1). Here because c-ares's own function does
/// not tell the TTL.
///
/// Failure: nullopt when the message is cut off or malformed, or when a target has other characters than host names have.
[[nodiscard]] std::optional<SrvReply> parse_srv_reply(std::span<const std::uint8_t> message);

}  // namespace sluice::net
