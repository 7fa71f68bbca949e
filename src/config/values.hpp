#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// Values that several parts of the model are made of; see model.hpp.
namespace sluice::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Where a value stands. Lines and columns count from 1; a line of 0 is no place.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    /// Index into Config::files; 0 is the file that was named, others are those that it includes.
    std::uint32_t file = 0;
    bool operator==(const Position&) const = default;
};

/// "127.0.0.1:8080", "[::1]:8080", "orders.internal:8080" or "unix:/run/sluice.sock".
struct Address {
    enum class Kind : std::uint8_t { Ipv4, Ipv6, Name, UnixPath };
    Kind kind = Kind::Ipv4;
    /// The literal without brackets, the name, or the path.
    std::string host;
    std::uint16_t port = 0;

    /// As it is written in a file and in logs.
    [[nodiscard]] std::string text() const;
    bool operator==(const Address&) const = default;
};

/// A network such as 10.0.0.0/8, or a single address.
struct Network {
    Address::Kind kind = Address::Kind::Ipv4;
    /// Network byte order; the first 4 bytes for IPv4.
    std::array<std::uint8_t, 16> bytes{};
    std::uint8_t prefix_length = 0;
    bool operator==(const Network&) const = default;
};

struct HeaderValue {
    std::string name;
    std::string value;
    bool operator==(const HeaderValue&) const = default;
};

/// Statuses from the first to the last, both included.
struct StatusRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    bool operator==(const StatusRange&) const = default;
};

[[nodiscard]] inline bool contains(const std::vector<StatusRange>& ranges, std::uint16_t status) {
    for (const StatusRange& range : ranges) {
        if (status >= range.first && status <= range.last) return true;
    }
    return false;
}

/// An answer that the gateway gives by itself.
struct Respond {
    std::uint16_t status = 200;
    std::string body;
    std::vector<HeaderValue> headers;
    bool operator==(const Respond&) const = default;
};

}  // namespace sluice::config
