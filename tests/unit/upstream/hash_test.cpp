#include "upstream/hash.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using sluice::upstream::Digest128;
using sluice::upstream::endpoint_name_hash;
using sluice::upstream::hash_text;
using sluice::upstream::siphash;
using sluice::upstream::siphash128;
using sluice::upstream::SipKey;

namespace {

/// The key of the reference vectors: the bytes 00 to 0f.
constexpr SipKey reference_key{0x0706050403020100ULL, 0x0F0E0D0C0B0A0908ULL};

/// The messages of the reference vectors: the bytes 00, 01, 02, ...
std::string message_of(std::size_t length) {
    std::string message;
    for (std::size_t i = 0; i < length; ++i) message.push_back(static_cast<char>(i));
    return message;
}

std::string hex_of(const Digest128& digest) {
    std::string text;
    for (const std::uint8_t byte : digest) {
        text.push_back("0123456789abcdef"[byte >> 4]);
        text.push_back("0123456789abcdef"[byte & 15]);
    }
    return text;
}

}  // namespace

TEST_CASE("SipHash-2-4 gives the reference values", "[upstream]") {
    const auto [length, short_value, long_value] = GENERATE(table<std::size_t, std::uint64_t, std::string>({
        {0, 0x726FDB47DD0E0E31ULL, "a3817f04ba25a8e66df67214c7550293"},
        {1, 0x74F839C593DC67FDULL, "da87c1d86b99af44347659119b22fc45"},
        {7, 0xAB0200F58B01D137ULL, "a1f1ebbed8dbc153c0b84aa61ff08239"},
        {8, 0x93F5F5799A932462ULL, "3b62a9ba6258f5610f83e264f31497b4"},
        {15, 0xA129CA6149BE45E5ULL, "5493e99933b0a8117e08ec0f97cfc3d9"},
        {16, 0x3F2ACC7F57C29BDBULL, "6ee2a4ca67b054bbfd3315bf85230577"},
        {63, 0x958A324CEB064572ULL, "5150d1772f50834a503e069a973fbd7c"},
    }));
    CAPTURE(length);
    CHECK(siphash(reference_key, message_of(length)) == short_value);
    CHECK(hex_of(siphash128(reference_key, message_of(length))) == long_value);
}

TEST_CASE("Hashes of texts and names stay what they are, so that gateways of other versions agree", "[upstream]") {
    CHECK(hash_text("10.1.2.3") == 0xF7AB48F858B08355ULL);
    CHECK(endpoint_name_hash("10.0.0.5:8080") == 0x73076E6A21586647ULL);
    CHECK(hash_text("10.0.0.5:8080") != endpoint_name_hash("10.0.0.5:8080"));
}

TEST_CASE("Texts that differ in one character or in length have other hashes", "[upstream]") {
    std::set<std::uint64_t> hashes;
    for (const char* text : {"", "a", "b", "aa", "ab", "ba", "aaaaaaaa", "aaaaaaaaa"}) hashes.insert(hash_text(text));
    hashes.insert(hash_text(std::string_view("\0", 1)));
    CHECK(hashes.size() == 9);
}
