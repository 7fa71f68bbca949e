#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// Hashing of short texts for the tables of this folder. Their keys come from the configuration and
/// are only looked up by clients, so the hash must be fast and even, not proof against chosen keys.
namespace sluice::routing {

/// Eight bytes as a number, the first byte lowest on every machine.
[[nodiscard]] inline std::uint64_t load_word(const char* bytes) noexcept {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

[[nodiscard]] inline std::uint64_t load_half(const char* bytes) noexcept {
    std::uint32_t half;
    std::memcpy(&half, bytes, sizeof half);
    if constexpr (std::endian::native == std::endian::big) half = __builtin_bswap32(half);
    return half;
}

/// Both halves of the 128-bit product folded together: every input bit reaches every output bit.
[[nodiscard]] inline std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Odd constants with evenly spread bits: fractions of the square roots of 2, 3, 5 and 7.
inline constexpr std::uint64_t hash_key_a = 0x6A09E667F3BCC909ULL;
inline constexpr std::uint64_t hash_key_b = 0xBB67AE8584CAA73BULL;
inline constexpr std::uint64_t hash_key_c = 0x3C6EF372FE94F82BULL;
inline constexpr std::uint64_t hash_key_d = 0xA54FF53A5F1D36F1ULL;

/// Reads by eight bytes, the last ones overlapping, so that no byte is handled alone.
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
    const char* p = text.data();
    const std::size_t size = text.size();
    if (size < 4) {
        std::uint64_t word = 0;
        for (const char c : text) word = word << 8U | static_cast<unsigned char>(c);
        return fold_multiply(word ^ hash_key_a ^ seed, hash_key_b ^ size);
    }
    if (size <= 8) {
        const std::uint64_t word = load_half(p) << 32U | load_half(p + size - 4);
        return fold_multiply(word ^ hash_key_a ^ seed, hash_key_b ^ size);
    }
    if (size <= 16) {
        return fold_multiply(load_word(p) ^ hash_key_a ^ seed,
                             load_word(p + size - 8) ^ hash_key_b ^ size);
    }
    // The usual lengths of paths in one straight line: the middle and the end overlap what comes
    // before.
    const char* end = p + size;
    if (size <= 48) {
        const char* middle = p + size / 2 - 8;
        const std::uint64_t first =
            fold_multiply(load_word(p) ^ hash_key_c, load_word(p + 8) ^ hash_key_d);
        const std::uint64_t second =
            fold_multiply(load_word(middle) ^ hash_key_d, load_word(middle + 8) ^ seed);
        return fold_multiply(load_word(end - 16) ^ hash_key_a ^ first,
                             load_word(end - 8) ^ hash_key_b ^ second ^ size);
    }
    std::uint64_t state = seed ^ size;
    for (; end - p > 16; p += 16) {
        state = fold_multiply(load_word(p) ^ hash_key_c, load_word(p + 8) ^ state ^ hash_key_d);
    }
    return fold_multiply(load_word(end - 16) ^ hash_key_a, load_word(end - 8) ^ state ^ hash_key_b);
}

/// Equality of two texts of one size, by eight bytes.
[[nodiscard]] inline bool equal_bytes(const char* a, const char* b, std::size_t size) noexcept {
    if (size < 4) {
        for (std::size_t i = 0; i < size; ++i) {
            if (a[i] != b[i]) return false;
        }
        return true;
    }
    if (size < 8)
        return load_half(a) == load_half(b) && load_half(a + size - 4) == load_half(b + size - 4);
    std::uint64_t difference = load_word(a + size - 8) ^ load_word(b + size - 8);
    for (std::size_t i = 0; i + 8 < size; i += 8) difference |= load_word(a + i) ^ load_word(b + i);
    return difference == 0;
}

}  // namespace sluice::routing
