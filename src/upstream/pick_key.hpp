#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace sluice::upstream {

/// What a request brings to the choice of its endpoint.
struct PickKey {
    /// Of what the request is kept together by; hash_text() makes it. Only balance "hash" reads it.
    std::uint64_t hash = 0;
    /// Endpoints that the request has tried already: not picked again as long as there is another. A few at most.
    std::span<const std::uint32_t> avoid;
};

[[nodiscard]] inline bool is_avoided(std::span<const std::uint32_t> avoid, std::uint32_t endpoint) {
    return std::ranges::find(avoid, endpoint) != avoid.end();
}

}  // namespace sluice::upstream
