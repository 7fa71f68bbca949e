#include "upstream/least_request.hpp"

namespace sluice::upstream {
namespace {

/// Draws before the weights are left aside: for the first endpoint only when it is to be avoided, for the second until
/// it is another than the first.
constexpr int most_first_draws = 16;
constexpr int most_second_draws = 4;

}  // namespace

LeastRequest::LeastRequest(std::span<const Candidate> candidates, std::span<const EndpointLoad* const> loads) {
    std::vector<std::uint32_t> weights;
    for (const Candidate& candidate : candidates) {
        if (candidate.weight == 0) continue;
        const EndpointLoad* const load = candidate.endpoint < loads.size() ? loads[candidate.endpoint] : nullptr;
        entries_.push_back({load, candidate.endpoint, candidate.weight});
        weights.push_back(candidate.weight);
    }
    choice_ = WeightedChoice(weights);
}

std::optional<std::uint32_t> LeastRequest::pick(Random& random, std::span<const std::uint32_t> avoid) const {
    if (entries_.empty()) return std::nullopt;
    const auto is_fit = [&](std::uint32_t place) { return !is_avoided(avoid, entries_[place].endpoint); };
    const auto first = choice_.draw_fit(random, most_first_draws, is_fit);
    if (!first) return entries_[choice_.draw(random)].endpoint;
    const auto second = choice_.draw_fit(random, most_second_draws,
                                         [&](std::uint32_t place) { return place != *first && is_fit(place); });
    if (!second) return entries_[*first].endpoint;
    const Entry& a = entries_[*first];
    const Entry& b = entries_[*second];
    // active / weight, without division. Equal ones keep to the first, which was drawn by weight alone.
    return active(b) * a.weight < active(a) * b.weight ? b.endpoint : a.endpoint;
}

}  // namespace sluice::upstream
