#include "grpc/web_text.hpp"

#include <array>

#include "base/text.hpp"

namespace sluice::grpc {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Above the six bits of any digit.
constexpr std::uint32_t no_digit = 0x80;
constexpr std::uint8_t group_digits = 4;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(static_cast<std::uint8_t>(no_digit));
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}

constexpr std::array<std::uint8_t, 256> values = make_values();

constexpr std::uint32_t value_of(char c) { return values[static_cast<unsigned char>(c)]; }
constexpr std::uint32_t byte_of(char c) { return static_cast<unsigned char>(c); }

void put(char*& to, std::uint32_t byte) { *to++ = static_cast<char>(byte & 0xFF); }

void put_digits(char*& to, std::uint32_t bits, int count) {
    for (int i = 0; i < count; ++i) *to++ = alphabet[(bits >> (18 - 6 * i)) & 0x3F];
}

}  // namespace

Result<void> WebTextDecoder::decode(std::string_view text, std::string& out) {
    if (has_failed_) return fail(client_error(ErrorCode::BadFraming, "the text of gRPC-Web was refused before"));
    const std::size_t before = out.size();
    out.resize(before + (text.size() + digits_ + pads_) / group_digits * 3);
    char* to = out.data() + before;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        if (digits_ == 0 && end - at >= group_digits) {
            const std::uint32_t a = value_of(at[0]);
            const std::uint32_t b = value_of(at[1]);
            const std::uint32_t c = value_of(at[2]);
            const std::uint32_t d = value_of(at[3]);
            if (((a | b | c | d) & no_digit) == 0) {
                put(to, a << 2 | b >> 4);
                put(to, b << 4 | c >> 2);
                put(to, c << 6 | d);
                at += group_digits;
                continue;
            }
        }
        if (const char* const flaw = take(*at, to)) {
            out.resize(before);
            taken_ += static_cast<std::uint64_t>(at - text.data());
            return refuse(*at, flaw);
        }
        ++at;
    }
    taken_ += text.size();
    out.resize(static_cast<std::size_t>(to - out.data()));
    return {};
}

const char* WebTextDecoder::take(char c, char*& to) {
    if (c == '=') {
        if (digits_ < 2) return "pads a group of fewer than two digits";
        // Two digits are a byte and four bits, three are two bytes and two bits.
        const std::uint32_t left_over = digits_ == 2 ? bits_ & 0xF : bits_ & 0x3;
        if (left_over != 0) return "pads a group that has bits behind its last byte";
        ++pads_;
    } else {
        const std::uint32_t value = value_of(c);
        if (value == no_digit) return "is no digit of base64";
        if (pads_ != 0) return "stands inside padding";
        bits_ = bits_ << 6 | value;
        ++digits_;
    }
    if (digits_ + pads_ < group_digits) return nullptr;
    const std::uint32_t bits = bits_ << (6 * pads_);
    put(to, bits >> 16);
    if (pads_ < 2) put(to, bits >> 8);
    if (pads_ < 1) put(to, bits);
    bits_ = 0;
    digits_ = 0;
    pads_ = 0;
    return nullptr;
}

Failure WebTextDecoder::refuse(char c, const char* flaw) {
    has_failed_ = true;
    std::string context = "the text of gRPC-Web: byte " + std::to_string(taken_) + " (";
    append_json_string(context, {&c, 1});
    return fail(client_error(ErrorCode::BadFraming, context.append(") ").append(flaw)));
}

Result<void> WebTextDecoder::finish() const {
    if (has_failed_) return fail(client_error(ErrorCode::BadFraming, "the text of gRPC-Web was refused before"));
    if (digits_ == 0) return {};
    return fail(client_error(ErrorCode::BadFraming, "the text of gRPC-Web ends inside a group of four, after byte " +
                                                        std::to_string(taken_)));
}

void append_web_text(std::string& out, std::string_view bytes) {
    const std::size_t before = out.size();
    out.resize(before + web_text_bytes(bytes.size()));
    char* to = out.data() + before;
    std::size_t at = 0;
    for (; bytes.size() - at >= 3; at += 3) {
        put_digits(to, byte_of(bytes[at]) << 16 | byte_of(bytes[at + 1]) << 8 | byte_of(bytes[at + 2]), 4);
    }
    const std::size_t left = bytes.size() - at;
    if (left == 0) return;
    put_digits(to, byte_of(bytes[at]) << 16 | (left == 2 ? byte_of(bytes[at + 1]) << 8 : 0), left == 2 ? 3 : 2);
    while (to != out.data() + out.size()) *to++ = '=';
}

}  // namespace sluice::grpc
