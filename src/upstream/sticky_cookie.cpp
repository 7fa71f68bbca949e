#include "upstream/sticky_cookie.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <span>

namespace sluice::upstream {
namespace {

constexpr std::size_t hash_digits = 16;
constexpr std::size_t tag_digits = 32;
constexpr std::size_t value_length = hash_digits + 1 + tag_digits;
constexpr std::string_view digits = "0123456789abcdef";

/// The two keys that are derived from the secret do not tell of each other.
constexpr SipKey cipher_label{0x736C756963652E63ULL, 0x6F6F6B69652E6964ULL};
constexpr SipKey tag_label{0x736C756963652E63ULL, 0x6F6F6B69652E7467ULL};

constexpr char cipher_rounds = 4;

SipKey derive_key(const SipKey& label, std::string_view secret) {
    const Digest128 digest = siphash128(label, secret);
    SipKey key;
    for (std::size_t i = 0; i < 8; ++i) {
        key.low |= std::uint64_t{digest[i]} << (8 * i);
        key.high |= std::uint64_t{digest[8 + i]} << (8 * i);
    }
    return key;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) {
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
}

void append_hex(std::string& out, std::uint64_t number) {
    for (int shift = 60; shift >= 0; shift -= 4) out.push_back(digits[(number >> shift) & 15]);
}

/// Sixteen lower-case digits, and nothing else.
std::optional<std::uint64_t> parse_hex(std::string_view text) {
    if (text.find_first_not_of(digits) != std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Looks at every byte whatever it finds, so that the time does not tell how much of a guess is right.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    }
    return difference == 0;
}

}  // namespace

StickyCookie::StickyCookie(std::string_view secret)
    : cipher_key_(derive_key(cipher_label, secret)), tag_key_(derive_key(tag_label, secret)) {}

std::string StickyCookie::make(std::string_view endpoint_name) const {
    std::string value;
    value.reserve(value_length);
    append_hex(value, encipher(endpoint_name_hash(endpoint_name)));
    const Digest128 tag = tag_of(value);
    value.push_back('.');
    append_hex(value, tag);
    return value;
}

std::optional<std::uint64_t> StickyCookie::endpoint_hash(std::string_view cookie_value) const {
    if (cookie_value.size() != value_length || cookie_value[hash_digits] != '.') return std::nullopt;
    const std::string_view sealed_digits = cookie_value.substr(0, hash_digits);
    std::string expected;
    append_hex(expected, tag_of(sealed_digits));
    if (!equal_in_constant_time(cookie_value.substr(hash_digits + 1), expected)) return std::nullopt;
    const std::optional<std::uint64_t> sealed = parse_hex(sealed_digits);
    if (!sealed) return std::nullopt;
    return decipher(*sealed);
}

std::string StickyCookie::set_cookie(const config::Sticky& sticky, std::string_view endpoint_name) const {
    std::string field = sticky.cookie + "=" + make(endpoint_name) + "; Path=" + sticky.path;
    if (sticky.max_age.count() > 0) {
        field += "; Max-Age=" + std::to_string(std::chrono::ceil<std::chrono::seconds>(sticky.max_age).count());
    }
    if (sticky.secure) field += "; Secure";
    field += "; HttpOnly; SameSite=Lax";
    return field;
}

/// A Feistel network: a permutation of 64 bits that only the key undoes. Hashes of names as such would not do, since
/// who knows their fixed key finds the address by trying all of them.
std::uint64_t StickyCookie::encipher(std::uint64_t hash) const {
    auto left = static_cast<std::uint32_t>(hash >> 32);
    auto right = static_cast<std::uint32_t>(hash);
    for (char round = 0; round < cipher_rounds; ++round) {
        const std::uint32_t mixed = left ^ round_bits(right, round);
        left = right;
        right = mixed;
    }
    return (std::uint64_t{left} << 32) | right;
}

std::uint64_t StickyCookie::decipher(std::uint64_t sealed) const {
    auto left = static_cast<std::uint32_t>(sealed >> 32);
    auto right = static_cast<std::uint32_t>(sealed);
    for (char round = cipher_rounds; round-- > 0;) {
        const std::uint32_t mixed = right ^ round_bits(left, round);
        right = left;
        left = mixed;
    }
    return (std::uint64_t{left} << 32) | right;
}

std::uint32_t StickyCookie::round_bits(std::uint32_t half, char round) const {
    std::array<char, 5> text{round};
    for (std::size_t i = 0; i < 4; ++i) text[i + 1] = static_cast<char>(half >> (8 * i));
    return static_cast<std::uint32_t>(siphash(cipher_key_, {text.data(), text.size()}));
}

Digest128 StickyCookie::tag_of(std::string_view sealed_digits) const { return siphash128(tag_key_, sealed_digits); }

}  // namespace sluice::upstream
