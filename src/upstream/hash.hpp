#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::upstream {

/// The 16 bytes of a SipHash key, as two little-endian numbers.
struct SipKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

using Digest128 = std::array<std::uint8_t, 16>;

/// SipHash-2-4 (Aumasson and Bernstein): a keyed hash that is fast on short texts, and a message authentication code
/// for whoever does not know the key. Pure, the same on every system.
[[nodiscard]] std::uint64_t siphash(const SipKey& key, std::string_view text);
[[nodiscard]] Digest128 siphash128(const SipKey& key, std::string_view text);

/// For balancing: the key is fixed, so that all workers and gateways agree. Whoever knows it can search for texts with
/// a wanted hash; where that matters, use a key of your own.
[[nodiscard]] std::uint64_t hash_text(std::string_view text);

/// Stands for an endpoint, by its name ("10.0.0.5:8080").
[[nodiscard]] std::uint64_t endpoint_name_hash(std::string_view name);

/// Spreads a number's bits over all 64; a bijection.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t bits) {
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ULL;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL;
    return bits ^ (bits >> 31);
}

}  // namespace sluice::upstream
