#include "upstream/random_choice.hpp"

namespace sluice::upstream {
namespace {

/// Draws before the weights are left aside.
constexpr int most_draws = 16;

}  // namespace

RandomChoice::RandomChoice(std::span<const Candidate> candidates) {
    std::vector<std::uint32_t> weights;
    for (const Candidate& candidate : candidates) {
        if (candidate.weight == 0) continue;
        endpoints_.push_back(candidate.endpoint);
        weights.push_back(candidate.weight);
    }
    choice_ = WeightedChoice(weights);
}

std::uint32_t RandomChoice::pick_other(Random& random, std::span<const std::uint32_t> avoid,
                                       std::uint32_t avoided) const {
    const auto place = choice_.draw_fit(random, most_draws,
                                        [&](std::uint32_t i) { return !is_avoided(avoid, endpoints_[i]); });
    return place ? endpoints_[*place] : avoided;
}

}  // namespace sluice::upstream
