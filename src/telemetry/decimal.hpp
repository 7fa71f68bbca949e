#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace sluice::telemetry {

template <std::integral Number>
void append_decimal(std::string& out, Number value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

/// With up to six decimals and none that say nothing: 0.0005, 3, 1763985600.25.
inline void append_decimal(std::string& out, double value) {
    std::array<char, 64> digits;
    const int size = std::snprintf(digits.data(), digits.size(), "%.6f", value);
    if (size <= 0 || static_cast<std::size_t>(size) >= digits.size()) {
        out.push_back('0');
        return;
    }
    std::string_view text(digits.data(), static_cast<std::size_t>(size));
    while (text.ends_with('0')) text.remove_suffix(1);
    if (text.ends_with('.')) text.remove_suffix(1);
    out.append(text);
}

}  // namespace sluice::telemetry
