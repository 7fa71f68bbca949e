#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/// Classes of bytes of the HTTP and URI grammars, and the search for the byte that ends a run of
/// plain text.
namespace sluice::http {

/// What a byte may be part of; the classes are bits, so one table serves all of them.
enum class ByteClass : std::uint8_t {
    /// tchar (RFC 9110, 5.6.2): methods, field names, list tokens.
    Token = 1,
    /// A field name of a request: tchar without '_', which would let X_Forwarded_For pass for
    /// X-Forwarded-For
    /// behind gateways that map both to one variable.
    PlainName = 2,
    /// A request target: visible ASCII without '#' (RFC 9112, 3.2).
    Target = 4,
    /// The part of a target before its query: Target without '?'.
    TargetPath = 8,
    /// A field value (RFC 9110, 5.5): HTAB, SP, visible ASCII and bytes from 0x80.
    Value = 16,
    /// A host name: unreserved (RFC 3986, 2.3). Sub-delimiters and percent signs are left out: no
    /// host
    /// needs them, and they are what breaks a Forwarded field or a log.
    Host = 32,
};

namespace detail {

constexpr bool is_alphanumeric(unsigned c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::uint8_t classes_of(unsigned c) {
    const auto bit = [](ByteClass kind) { return static_cast<unsigned>(kind); };
    const std::string_view token_marks = "!#$%&'*+-.^_`|~";
    const std::string_view host_marks = "-._~";
    const char letter = static_cast<char>(c);
    unsigned classes = 0;
    if (c < 0x80 && (is_alphanumeric(c) || token_marks.contains(letter))) {
        classes |= bit(ByteClass::Token);
        if (c != '_') classes |= bit(ByteClass::PlainName);
    }
    if (c > 0x20 && c < 0x7F && c != '#') {
        classes |= bit(ByteClass::Target);
        if (c != '?') classes |= bit(ByteClass::TargetPath);
    }
    if (c == '\t' || (c >= 0x20 && c != 0x7F)) classes |= bit(ByteClass::Value);
    if (c < 0x80 && (is_alphanumeric(c) || host_marks.contains(letter))) {
        classes |= bit(ByteClass::Host);
    }
    return static_cast<std::uint8_t>(classes);
}

constexpr std::array<std::uint8_t, 256> make_class_table() {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; ++c) table[c] = classes_of(c);
    return table;
}

inline constexpr std::array<std::uint8_t, 256> class_table = make_class_table();

}  // namespace detail

[[nodiscard]] constexpr bool is_in(ByteClass kind, char c) {
    return (detail::class_table[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(kind)) !=
           0;
}

/// The first byte that is not of the class, or `end`.
[[nodiscard]] constexpr const char* skip(ByteClass kind, const char* at, const char* end) {
    while (at != end && is_in(kind, *at)) ++at;
    return at;
}

/// Passes over letters, digits and '-', of which most field names are made; not always over all of them.
[[nodiscard]] inline const char* skip_letters(const char* at, const char* end) {
#ifdef __SSE2__
    while (end - at >= 16) {
        __m128i bytes;
        std::memcpy(&bytes, at, sizeof bytes);
        const __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
        const __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
        const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
        const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
        const __m128i is_one = _mm_or_si128(_mm_or_si128(is_letter, is_digit), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
        const int others = _mm_movemask_epi8(is_one) ^ 0xFFFF;
        if (others != 0) return at + std::countr_zero(static_cast<unsigned>(others));
        at += 16;
    }
#endif
    static_cast<void>(end);
    return at;
}

[[nodiscard]] constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// A non-empty run of tchar.
[[nodiscard]] constexpr bool is_token(std::string_view text) {
    const char* const end = text.data() + text.size();
    return !text.empty() && skip(ByteClass::Token, text.data(), end) == end;
}

/// The first control byte (below 0x20, or DEL), or `end`. Eight bytes at a time, or sixteen where the
/// processor can, since values make up most of a head.
[[nodiscard]] inline const char* find_control(const char* at, const char* end) {
#ifdef __SSE2__
    const __m128i last_control = _mm_set1_epi8(0x1F);
    const __m128i del = _mm_set1_epi8(0x7F);
    while (end - at >= 16) {
        __m128i bytes;
        std::memcpy(&bytes, at, sizeof bytes);
        const __m128i is_low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
        const int found = _mm_movemask_epi8(_mm_or_si128(is_low, _mm_cmpeq_epi8(bytes, del)));
        if (found != 0) return at + std::countr_zero(static_cast<unsigned>(found));
        at += 16;
    }
#endif
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    constexpr std::uint64_t tops = 0x8080808080808080ULL;
    while (end - at >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        // The top bit of each byte below 0x20, and of each that is 0x7F. A borrow may mark a byte
        // wrongly, but only above one that is marked rightly.
        const std::uint64_t flipped = word ^ (ones * 0x7F);
        const std::uint64_t found =
            (((word - ones * 0x20) & ~word) | ((flipped - ones) & ~flipped)) & tops;
        if (found != 0) {
            if constexpr (std::endian::native == std::endian::little) {
                return at + std::countr_zero(found) / 8;
            }
            break;
        }
        at += 8;
    }
    while (at != end && !is_control(*at)) ++at;
    return at;
}

/// Where the first empty line ends that a line end is in front of, as it closes a head; nullptr when there is none. Looks at nothing else.
[[nodiscard]] inline const char* find_empty_line(const char* at, const char* end) {
    constexpr std::size_t length = 4;
    const auto is_one = [](const char* place) { return std::memcmp(place, "\r\n\r\n", length) == 0; };
#ifdef __SSE2__
    const __m128i cr = _mm_set1_epi8('\r');
    while (end - at >= 18) {
        __m128i bytes;
        __m128i later;
        std::memcpy(&bytes, at, sizeof bytes);
        std::memcpy(&later, at + 2, sizeof later);
        auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(bytes, cr), _mm_cmpeq_epi8(later, cr))));
        for (; found != 0; found &= found - 1) {
            const char* const place = at + std::countr_zero(found);
            if (end - place >= static_cast<std::ptrdiff_t>(length) && is_one(place)) return place + length;
        }
        at += 16;
    }
#endif
    // The last of four bytes says how far the next place that is possible is.
    while (end - at >= static_cast<std::ptrdiff_t>(length)) {
        if (at[3] == '\n') {
            if (is_one(at)) return at + length;
            at += 2;
        } else {
            at += at[3] == '\r' ? 1 : 4;
        }
    }
    return nullptr;
}

}  // namespace sluice::http
