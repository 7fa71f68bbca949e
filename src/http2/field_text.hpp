#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::http2 {

/// What each field counts for beside its bytes (RFC 9113, 6.5.2).
inline constexpr std::size_t field_overhead = 32;

/// Holds no byte that would end a line of HTTP/1.1.
inline bool is_one_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos; }

}  // namespace sluice::http2
