#include "upstream/hash.hpp"

#include <bit>

namespace sluice::upstream {
namespace {

constexpr SipKey text_key{0x736C756963652E62ULL, 0x616C616E63696E67ULL};
constexpr SipKey name_key{0x736C756963652E65ULL, 0x6E64706F696E7473ULL};

/// Up to 8 bytes, the first one lowest.
std::uint64_t load_little_endian(std::string_view bytes) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        word |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
    }
    return word;
}

void store_little_endian(std::uint64_t word, std::uint8_t* out) {
    for (int i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(word >> (8 * i));
}

/// The state of the algorithm, and its steps, in the names of its authors.
struct SipState {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

    explicit SipState(const SipKey& key)
        : v0(key.low ^ 0x736F6D6570736575ULL),
          v1(key.high ^ 0x646F72616E646F6DULL),
          v2(key.low ^ 0x6C7967656E657261ULL),
          v3(key.high ^ 0x7465646279746573ULL) {}

    void rounds(int count) {
        for (int i = 0; i < count; ++i) {
            v0 += v1;
            v2 += v3;
            v1 = std::rotl(v1, 13) ^ v0;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 = std::rotl(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = std::rotl(v1, 17) ^ v2;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 = std::rotl(v2, 32);
        }
    }

    void take_word(std::uint64_t word) {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
    }

    /// All words, the last one with the length in its highest byte.
    void take(std::string_view text) {
        const std::uint64_t length = text.size();
        for (; text.size() >= 8; text.remove_prefix(8)) take_word(load_little_endian(text.substr(0, 8)));
        take_word(load_little_endian(text) | (length << 56));
    }

    [[nodiscard]] std::uint64_t output() {
        rounds(4);
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

}  // namespace

std::uint64_t siphash(const SipKey& key, std::string_view text) {
    SipState state(key);
    state.take(text);
    state.v2 ^= 0xFF;
    return state.output();
}

Digest128 siphash128(const SipKey& key, std::string_view text) {
    SipState state(key);
    state.v1 ^= 0xEE;
    state.take(text);
    Digest128 digest{};
    state.v2 ^= 0xEE;
    store_little_endian(state.output(), digest.data());
    state.v1 ^= 0xDD;
    store_little_endian(state.output(), digest.data() + 8);
    return digest;
}

std::uint64_t hash_text(std::string_view text) { return siphash(text_key, text); }

std::uint64_t endpoint_name_hash(std::string_view name) { return siphash(name_key, name); }

}  // namespace sluice::upstream
