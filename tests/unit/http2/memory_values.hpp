#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::http2 {

inline std::string text_of(const std::uint8_t* bytes, std::size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

/// Points into `fields`.
inline std::vector<nghttp2_nv> values_of(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::vector<nghttp2_nv> values;
    for (const auto& [name, value] : fields) {
        const auto bytes = [](const std::string& text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); };
        values.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return values;
}

}  // namespace sluice::http2
