#include "upstream/round_robin.hpp"

#include <algorithm>
#include <numeric>

namespace sluice::upstream {
namespace {

/// Picks in a precomputed round, and steps that computing it may take: a reload builds one per
/// cluster and worker.
constexpr std::int64_t longest_round = 4096;
constexpr std::int64_t most_steps = 1 << 20;

/// Where the round is not computed, the start is moved by fewer picks than this.
constexpr std::uint64_t start_spread = 251;

std::vector<std::uint32_t> weights_of(const config::Cluster& cluster) {
    std::vector<std::uint32_t> weights;
    for (const config::Endpoint& endpoint : cluster.endpoints) weights.push_back(endpoint.weight);
    return weights;
}

}  // namespace

RoundRobin::RoundRobin(std::span<const std::uint32_t> weights, std::uint64_t seed) {
    std::uint32_t divisor = 0;
    for (const std::uint32_t weight : weights) divisor = std::gcd(divisor, weight);
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
        if (weights[i] == 0) continue;
        standings_.push_back({i, std::int64_t{weights[i] / divisor}, 0});
        total_ += standings_.back().weight;
    }
    compute_round();
    if (!order_.empty()) {
        next_ = static_cast<std::size_t>(seed % order_.size());
    } else if (!standings_.empty()) {
        for (std::uint64_t i = seed % start_spread; i > 0; --i) {
            static_cast<void>(pick_weighing(std::nullopt));
        }
    }
}

RoundRobin::RoundRobin(const config::Cluster& cluster, std::uint64_t seed)
    : RoundRobin(weights_of(cluster), seed) {}

void RoundRobin::compute_round() {
    const auto endpoints = static_cast<std::int64_t>(standings_.size());
    if (endpoints == total_) {
        for (const Standing& standing : standings_) order_.push_back(standing.endpoint);
        return;
    }
    if (total_ > longest_round || total_ * endpoints > most_steps) return;
    std::vector<std::uint32_t> order;
    for (std::int64_t i = 0; i < total_; ++i) order.push_back(*pick_weighing(std::nullopt));
    order_ = std::move(order);
}

std::optional<std::uint32_t> RoundRobin::pick(std::optional<std::uint32_t> exclude) {
    if (!exclude || standings_.size() < 2) return pick();
    if (order_.empty()) return pick_weighing(exclude);
    for (std::size_t tried = 0; tried < order_.size(); ++tried) {
        const std::optional<std::uint32_t> endpoint = pick();
        if (endpoint != exclude) return endpoint;
    }
    return pick();
}

std::optional<std::uint32_t> RoundRobin::pick_weighing(std::optional<std::uint32_t> exclude) {
    Standing* best = nullptr;
    for (Standing& standing : standings_) {
        standing.current += standing.weight;
        if (standing.endpoint == exclude) continue;
        if (best == nullptr || standing.current > best->current) best = &standing;
    }
    if (best == nullptr) return std::nullopt;
    best->current -= total_;
    return best->endpoint;
}

}  // namespace sluice::upstream
