#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "upstream/candidates.hpp"
#include "upstream/pick_key.hpp"
#include "upstream/weighted_choice.hpp"

namespace sluice::upstream {

/// Picks an endpoint at random, by weight.
///
/// Threading: one worker.
/// Failure:   nullopt when there is no candidate. One of weight 0 is never picked.
class RandomChoice {
public:
    RandomChoice() = default;
    explicit RandomChoice(std::span<const Candidate> candidates);

    [[nodiscard]] std::optional<std::uint32_t> pick(Random& random, std::span<const std::uint32_t> avoid) const {
        if (endpoints_.empty()) return std::nullopt;
        const std::uint32_t endpoint = endpoints_[choice_.draw(random)];
        if (avoid.empty() || !is_avoided(avoid, endpoint)) return endpoint;
        return pick_other(random, avoid, endpoint);
    }

private:
    /// `avoided` when there is no other.
    [[nodiscard]] std::uint32_t pick_other(Random& random, std::span<const std::uint32_t> avoid,
                                           std::uint32_t avoided) const;

    std::vector<std::uint32_t> endpoints_;
    WeightedChoice choice_;
};

}  // namespace sluice::upstream
