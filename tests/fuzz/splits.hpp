#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/random.hpp"

namespace sluice::fuzz {

/// Up to three places to cut an input at, drawn from the input itself, so that a finding repeats.
inline std::vector<std::size_t> split_places(std::string_view input) {
    std::uint64_t seed = 1469598103934665603ULL;
    for (const char c : input) {
        seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    Random random(seed);
    std::vector<std::size_t> places(1 + random.below(3));
    for (std::size_t& place : places) {
        place = random.below(static_cast<std::uint32_t>(input.size() + 1));
    }
    std::sort(places.begin(), places.end());
    return places;
}

}  // namespace sluice::fuzz
