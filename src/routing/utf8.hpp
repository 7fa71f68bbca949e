#pragma once

#include <cstdint>

namespace sluice::routing {

/// Checks UTF-8 byte by byte (RFC 3629, 4): no overlong form, no surrogate, nothing above U+10FFFF.
class Utf8Checker {
public:
    /// False when the byte can't stand here.
    [[nodiscard]] bool accept(std::uint8_t byte) {
        if (missing_ != 0) {
            if (byte < least_ || byte > most_) return false;
            --missing_;
            least_ = 0x80;
            most_ = 0xBF;
            return true;
        }
        return byte < 0x80 || begin_sequence(byte);
    }

    /// No sequence is cut short.
    [[nodiscard]] bool is_complete() const { return missing_ == 0; }

private:
    [[nodiscard]] bool begin_sequence(std::uint8_t byte) {
        if (byte < 0xC2 || byte > 0xF4) return false;
        missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
        if (byte == 0xE0) least_ = 0xA0;
        if (byte == 0xED) most_ = 0x9F;
        if (byte == 0xF0) least_ = 0x90;
        if (byte == 0xF4) most_ = 0x8F;
        return true;
    }

    std::uint8_t missing_ = 0;
    std::uint8_t least_ = 0x80;
    std::uint8_t most_ = 0xBF;
};

}  // namespace sluice::routing
