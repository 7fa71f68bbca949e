#pragma once

#include <cstddef>
#include <string_view>

#include "http/characters.hpp"

namespace sluice::http2 {

/// What each field counts for beside its bytes (RFC 9113, 6.5.2).
inline constexpr std::size_t field_overhead = 32;

/// Holds no byte that would end a line of HTTP/1.1.
inline bool is_one_line(std::string_view text) {
    const char* const end = text.data() + text.size();
    for (const char* at = http::find_control(text.data(), end); at != end; at = http::find_control(at + 1, end)) {
        if (*at == '\r' || *at == '\n' || *at == '\0') return false;
    }
    return true;
}

/// Holds no byte that would end a word of a request line, or the line.
inline bool is_one_word(std::string_view text) {
    return http::find_control(text.data(), text.data() + text.size()) == text.data() + text.size() && !text.contains(' ');
}

}  // namespace sluice::http2
