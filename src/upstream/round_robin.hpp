#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/model.hpp"

namespace sluice::upstream {

/// Picks a cluster's endpoints in turn, each as often as its weight says and spread evenly over the
/// round (smooth weighted round robin). The round is computed once where it is short.
///
/// Threading: one per worker, no lock. The seed chooses the starting point, so that workers that
/// start
///            together do not all begin with the same endpoint.
/// Failure:   nullopt when there is no endpoint. An endpoint of weight 0 is never picked.
class RoundRobin {
public:
    RoundRobin(std::span<const std::uint32_t> weights, std::uint64_t seed);
    RoundRobin(const config::Cluster& cluster, std::uint64_t seed);

    [[nodiscard]] std::optional<std::uint32_t> pick() {
        if (order_.empty()) return pick_weighing(std::nullopt);
        const std::uint32_t endpoint = order_[next_];
        next_ = next_ + 1 == order_.size() ? 0 : next_ + 1;
        return endpoint;
    }

    /// The same, but not the endpoint that has just failed, as long as there is another.
    [[nodiscard]] std::optional<std::uint32_t> pick(std::optional<std::uint32_t> exclude);

private:
    struct Standing {
        std::uint32_t endpoint;
        std::int64_t weight;
        std::int64_t current;
    };

    void compute_round();
    [[nodiscard]] std::optional<std::uint32_t> pick_weighing(std::optional<std::uint32_t> exclude);

    /// A whole round of picks; empty when it would be too long.
    std::vector<std::uint32_t> order_;
    std::size_t next_ = 0;
    std::vector<Standing> standings_;
    std::int64_t total_ = 0;
};

}  // namespace sluice::upstream
