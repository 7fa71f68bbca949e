#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace sluice::upstream {

/// Draws places of a list at random by their weights, in constant time (the alias method).
///
/// Threading: immutable once made; the generator is the caller's.
/// Failure:   yields 0 when the list is empty or all weights are 0. Otherwise a place of weight 0 is never drawn.
class WeightedChoice {
public:
    WeightedChoice() = default;
    explicit WeightedChoice(std::span<const std::uint32_t> weights);

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(columns_.size()); }

    [[nodiscard]] std::uint32_t draw(Random& random) const {
        if (columns_.empty()) return 0;
        const std::uint64_t bits = random.next();
        const auto place = static_cast<std::uint32_t>(((bits >> 32) * columns_.size()) >> 32);
        const Column& column = columns_[place];
        return static_cast<std::uint32_t>(bits) < column.share ? place : column.alias;
    }

    /// A place that `is_fit` accepts: drawn up to `tries` times, then the next one from a random place on, so that a
    /// fit place that is hardly ever drawn is found as well. nullopt when there is none. No weight may be 0.
    template <typename IsFit>
    [[nodiscard]] std::optional<std::uint32_t> draw_fit(Random& random, int tries, const IsFit& is_fit) const {
        for (int i = 0; i < tries; ++i) {
            const std::uint32_t place = draw(random);
            if (is_fit(place)) return place;
        }
        std::uint32_t place = random.below(size());
        for (std::uint32_t i = 0; i < size(); ++i) {
            if (is_fit(place)) return place;
            if (++place == size()) place = 0;
        }
        return std::nullopt;
    }

private:
    /// Every place has a column of equal height: `share` of it, in 2^-32, is its own, and the rest another's.
    struct Column {
        std::uint32_t share = 0;
        std::uint32_t alias = 0;
    };
    std::vector<Column> columns_;
};

}  // namespace sluice::upstream
