#include "upstream/weighted_choice.hpp"

#include <algorithm>
#include <numeric>

namespace sluice::upstream {
namespace {

/// `part` of `whole` in 2^-32; `part` is the smaller.
std::uint32_t to_share(std::uint64_t part, std::uint64_t whole) {
    const double share = static_cast<double>(part) / static_cast<double>(whole) * 4294967296.0;
    return static_cast<std::uint32_t>(std::min(share, 4294967295.0));
}

}  // namespace

WeightedChoice::WeightedChoice(std::span<const std::uint32_t> weights) {
    const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    if (total == 0) return;
    // A column is `total` high and the weights are multiplied by their number, so that all heights are whole numbers.
    std::vector<std::uint64_t> heights;
    std::vector<std::uint32_t> low;
    std::vector<std::uint32_t> high;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
        heights.push_back(std::uint64_t{weights[i]} * weights.size());
        (heights[i] < total ? low : high).push_back(i);
        columns_.push_back({0, i});
    }
    while (!low.empty() && !high.empty()) {
        const std::uint32_t filled = low.back();
        const std::uint32_t giver = high.back();
        low.pop_back();
        columns_[filled] = {to_share(heights[filled], total), giver};
        heights[giver] -= total - heights[filled];
        if (heights[giver] >= total) continue;
        high.pop_back();
        low.push_back(giver);
    }
    // What is left is exactly full: its alias is itself.
}

}  // namespace sluice::upstream
