#pragma once

#include <cstdint>

/// Durations of the schema's ranges are written in milliseconds, sizes in bytes.
namespace sluice::config::units {

inline constexpr std::uint64_t second = 1000;
inline constexpr std::uint64_t hour = 3600 * second;
inline constexpr std::uint64_t day = 24 * hour;
inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;

}  // namespace sluice::config::units
