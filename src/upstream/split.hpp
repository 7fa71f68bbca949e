#pragma once

#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "upstream/weighted_choice.hpp"

namespace sluice::upstream {

/// Shares a route's requests between its clusters, by weight and at random.
///
/// Threading: immutable once made, shared by workers; the generator is the caller's.
/// Failure:   0 when there is no weight at all.
class Split {
public:
    Split() = default;
    explicit Split(std::span<const std::uint32_t> weights) : choice_(weights) {}

    /// A place among the weights.
    [[nodiscard]] std::uint32_t pick(Random& random) const { return choice_.draw(random); }

private:
    WeightedChoice choice_;
};

}  // namespace sluice::upstream
