#include "http/websocket_frames.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t close_opcode = 0x8;
constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7F;
constexpr std::uint8_t length_in_2 = 126;
constexpr std::uint8_t length_in_8 = 127;
constexpr std::uint8_t mask_bytes = 4;

}  // namespace

void WebSocketFrames::take_header(std::uint8_t byte) {
    const std::uint8_t index = header_taken_++;
    if (index == 0) {
        is_close_ = (byte & opcode_bits) == close_opcode;
    } else if (index == 1) {
        const std::uint8_t length = byte & length_bits;
        length_bytes_ = length == length_in_8 ? 8 : length == length_in_2 ? 2 : 0;
        payload_left_ = length_bytes_ == 0 ? length : 0;
        const int masking = (byte & mask_bit) != 0 ? mask_bytes : 0;
        header_size_ = static_cast<std::uint8_t>(shortest_header + length_bytes_ + masking);
    } else if (index < shortest_header + length_bytes_) {
        // At most eight bytes, so nothing is shifted out; the highest bit, which must be 0, is nobody's business here.
        payload_left_ = payload_left_ << 8 | byte;
    }
}

/// Takes bytes up to the end of the frame under way, or of what is there; yields how many.
std::size_t WebSocketFrames::take_frame(std::string_view bytes) {
    std::size_t taken = 0;
    // Until its second byte is there, a header counts as the shortest one.
    while (taken < bytes.size() && header_taken_ < header_size_) take_header(static_cast<std::uint8_t>(bytes[taken++]));
    if (header_taken_ < header_size_) return taken;
    const auto payload = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, bytes.size() - taken));
    payload_left_ -= payload;
    if (payload_left_ == 0) {
        close_seen_ = close_seen_ || is_close_;
        header_taken_ = 0;
        header_size_ = shortest_header;
    }
    return taken + payload;
}

void WebSocketFrames::advance(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(take_frame(bytes));
}

std::optional<std::size_t> WebSocketFrames::boundary_in(std::string_view bytes) const {
    if (at_boundary()) return 0;
    WebSocketFrames ahead = *this;
    const std::size_t taken = ahead.take_frame(bytes);
    if (!ahead.at_boundary()) return std::nullopt;
    return taken;
}

WebSocketClose::WebSocketClose(std::uint16_t code, std::optional<std::uint32_t> mask) {
    const auto put = [this](unsigned byte) { bytes[size++] = static_cast<char>(byte & 0xFFU); };
    put(final_bit | close_opcode);
    put(sizeof(code) | (mask ? mask_bit : 0U));
    const std::uint32_t key = mask.value_or(0);
    if (mask) {
        for (unsigned shift = 32; shift != 0;) put(key >> (shift -= 8));
    }
    put(code >> 8U ^ key >> 24U);
    put(code ^ key >> 16U);
}

}  // namespace sluice::http
