#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace sluice::grpc {

/// The field that says how long a call may take, from when it is read ("PROTOCOL-HTTP2" of gRPC, Timeout).
inline constexpr std::string_view timeout_field = "grpc-timeout";

/// What longer times are taken for: about a hundred years. Added to the present time it overflows nothing.
inline constexpr Duration longest_timeout = std::chrono::hours(24 * 365 * 100);

/// What "grpc-timeout" says: 1 to 8 digits and one of H, M, S, m, u, n (in this case). "0n" is a time that has passed already.
///
/// Failure: nullopt when it is malformed.
[[nodiscard]] std::optional<Duration> parse_timeout(std::string_view text);

/// A "grpc-timeout" for the time that is left, in memory of its own.
///
/// It is never more than what is left, and at most a ten-thousandth less, in the shortest text for that; "1n" when nothing is
/// left, since some servers take a zero for no limit.
struct TimeoutText {
    explicit TimeoutText(Duration left);

    [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }

    /// Eight digits and the unit.
    std::array<char, 9> bytes{};
    std::size_t size = 0;
};

}  // namespace sluice::grpc
