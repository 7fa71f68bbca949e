#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "upstream/candidates.hpp"
#include "upstream/pick_key.hpp"

namespace sluice::upstream {

/// Picks the candidates in turn, each as often as its weight says and spread over the round. A short round is computed
/// once (smooth weighted round robin); a long one is a queue of the endpoints by when their next turn is due.
///
/// Threading: one worker. The seed chooses the starting point, so that workers do not all begin with the same endpoint.
/// Failure:   nullopt when there is no candidate. One of weight 0 is never picked.
class RoundRobin {
public:
    RoundRobin() = default;
    RoundRobin(std::span<const Candidate> candidates, std::uint64_t seed);

    /// Constant time; in a long round, logarithmic.
    [[nodiscard]] std::optional<std::uint32_t> pick(std::span<const std::uint32_t> avoid = {}) {
        if (order_.empty()) return pick_due(avoid);
        const std::uint32_t endpoint = take_turn();
        if (avoid.empty() || !is_avoided(avoid, endpoint)) return endpoint;
        return pick_other(avoid, endpoint);
    }

private:
    /// An endpoint's next turn in a long round.
    struct Turn {
        std::uint32_t endpoint = 0;
        std::uint32_t weight = 0;
        /// How many turns it has had in its present round, out of `weight`.
        std::uint32_t taken = 0;
        std::uint64_t round = 0;
        /// Each of its turns comes so far behind the begin of the turn's part of the round, in [0, 1). Differs between
        /// endpoints, so that equal ones are spread over the round.
        double phase = 0;
        /// When it is due, in [0, 1] of the round.
        double due = 0;

        void next();
        bool operator>(const Turn& other) const {
            return round != other.round ? round > other.round : due > other.due;
        }
    };

    [[nodiscard]] std::uint32_t take_turn() {
        const std::uint32_t endpoint = order_[next_];
        next_ = next_ + 1 == order_.size() ? 0 : next_ + 1;
        return endpoint;
    }

    void compute_round(std::span<const Candidate> candidates, std::uint64_t total);
    void fill_queue(std::span<const Candidate> candidates, std::uint64_t seed);
    [[nodiscard]] std::uint32_t pick_other(std::span<const std::uint32_t> avoid, std::uint32_t avoided);
    [[nodiscard]] std::optional<std::uint32_t> pick_due(std::span<const std::uint32_t> avoid);

    /// A whole round of picks; empty when it would be too long.
    std::vector<std::uint32_t> order_;
    std::size_t next_ = 0;
    /// The candidates of a computed round.
    std::vector<std::uint32_t> endpoints_;
    /// Of a long round: a heap, the earliest turn in front.
    std::vector<Turn> turns_;
};

}  // namespace sluice::upstream
