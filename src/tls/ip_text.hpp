#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sluice::tls {

/// An address of 4 or 16 bytes in network order as people write it: "10.0.0.1", "2001:db8:0:0:0:0:0:1".
[[nodiscard]] inline std::string ip_text(std::span<const unsigned char> bytes) {
    std::string text;
    if (bytes.size() == 4) {
        for (const unsigned char byte : bytes) text += (text.empty() ? "" : ".") + std::to_string(byte);
        return text;
    }
    constexpr const char* digits = "0123456789abcdef";
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        if (i != 0) text += ':';
        const unsigned value = static_cast<unsigned>(bytes[i]) << 8 | bytes[i + 1];
        bool has_begun = false;
        for (int shift = 12; shift >= 0; shift -= 4) {
            const unsigned digit = value >> shift & 15;
            has_begun = has_begun || digit != 0 || shift == 0;
            if (has_begun) text += digits[digit];
        }
    }
    return text;
}

}  // namespace sluice::tls
