#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "routing/hash.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::routing {

/// A bit for each byte of the word that is a slash.
[[nodiscard]] inline std::uint64_t slash_bits_of_word(std::uint64_t word) noexcept {
    constexpr std::uint64_t lows = 0x7F7F7F7F7F7F7F7FULL;
    const std::uint64_t zero_at_slash = word ^ 0x2F2F2F2F2F2F2F2FULL;
    const std::uint64_t high_unless_zero = ((zero_at_slash & lows) + lows) | zero_at_slash;
    const std::uint64_t high_at_slash = ~(high_unless_zero | lows);
    return (high_at_slash >> 7U) * 0x0102040810204080ULL >> 56U;
}

/// A bit for each of the bytes that is a slash, of 64 at most. `last_word` has the last eight of
/// the `size` bytes, the last one highest (zeros for what lies before the path), so that nothing
/// behind is read.
[[nodiscard]] inline std::uint64_t slash_bits_of(const char* bytes, std::size_t size,
                                                 std::uint64_t last_word) noexcept {
    const std::size_t count = std::min<std::size_t>(size, 64);
    std::uint64_t bits = 0;
    std::size_t at = 0;
#if defined(__SSE2__)
    const __m128i slashes = _mm_set1_epi8('/');
    for (; at + 16 <= count; at += 16) {
        const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
        const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(chunk, slashes));
        bits |= std::uint64_t{static_cast<std::uint32_t>(found)} << at;
    }
#endif
    for (; at + 8 <= count; at += 8) bits |= slash_bits_of_word(load_word(bytes + at)) << at;
    if (at < count) bits |= slash_bits_of_word(last_word >> (64 - 8 * (count - at))) << at;
    return bits;
}

/// Two slashes stand side by side.
[[nodiscard]] inline bool has_empty_segment(std::string_view path) noexcept {
    if (path.size() < 8) return path.find("//") != std::string_view::npos;
    const std::uint64_t last_word = load_word(path.data() + path.size() - 8);
    std::uint64_t carried = 0;
    std::uint64_t doubled = 0;
    for (std::size_t at = 0; at < path.size(); at += 64) {
        const std::uint64_t bits = slash_bits_of(path.data() + at, path.size() - at, last_word);
        doubled |= bits & (bits << 1U | carried);
        carried = bits >> 63U;
    }
    return doubled != 0;
}

}  // namespace sluice::routing
