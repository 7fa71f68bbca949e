#include "upstream/round_robin.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/random.hpp"

namespace sluice::upstream {
namespace {

/// Picks in a computed round, and steps that computing it may take: each worker does it whenever the candidates change.
constexpr std::uint64_t longest_round = 4096;
constexpr std::uint64_t most_steps = 1 << 18;

/// Turns that go by while a request looks for an endpoint that it has not tried.
constexpr int most_turns = 16;

/// The fractions of its multiples lie evenly in [0, 1), however many are taken.
constexpr double golden_ratio = 0.6180339887498949;

}  // namespace

RoundRobin::RoundRobin(std::span<const Candidate> candidates, std::uint64_t seed) {
    std::uint32_t divisor = 0;
    for (const Candidate& candidate : candidates) divisor = std::gcd(divisor, candidate.weight);
    divisor = std::max(divisor, 1U);
    std::vector<Candidate> weighty;
    std::uint64_t total = 0;
    for (const Candidate& candidate : candidates) {
        if (candidate.weight == 0) continue;
        weighty.push_back({candidate.endpoint, candidate.weight / divisor});
        total += weighty.back().weight;
    }
    if (weighty.empty()) return;
    const bool is_even = total == weighty.size();
    if (!is_even && (total > longest_round || total * weighty.size() > most_steps)) {
        fill_queue(weighty, seed);
        return;
    }
    compute_round(weighty, total);
    next_ = static_cast<std::size_t>(seed % order_.size());
}

/// In each step every endpoint's credit grows by its weight, and the one with the most pays the whole for its turn.
void RoundRobin::compute_round(std::span<const Candidate> candidates, std::uint64_t total) {
    for (const Candidate& candidate : candidates) endpoints_.push_back(candidate.endpoint);
    if (total == candidates.size()) {
        order_ = endpoints_;
        return;
    }
    std::vector<std::int64_t> credits(candidates.size());
    for (std::uint64_t step = 0; step < total; ++step) {
        for (std::size_t i = 0; i < credits.size(); ++i) credits[i] += candidates[i].weight;
        const auto most = std::ranges::max_element(credits);
        *most -= static_cast<std::int64_t>(total);
        order_.push_back(endpoints_[static_cast<std::size_t>(most - credits.begin())]);
    }
}

void RoundRobin::fill_queue(std::span<const Candidate> candidates, std::uint64_t seed) {
    double phase = static_cast<double>(Random(seed).next() >> 32) / 4294967296.0;
    for (const Candidate& candidate : candidates) {
        Turn turn{.endpoint = candidate.endpoint, .weight = candidate.weight, .phase = phase};
        turn.due = phase / candidate.weight;
        turns_.push_back(turn);
        phase = std::fmod(phase + golden_ratio, 1.0);
    }
    std::ranges::make_heap(turns_, std::greater<>());
}

void RoundRobin::Turn::next() {
    if (++taken == weight) {
        taken = 0;
        ++round;
    }
    due = (taken + phase) / weight;
}

std::uint32_t RoundRobin::pick_other(std::span<const std::uint32_t> avoid, std::uint32_t avoided) {
    for (int i = 0; i < most_turns; ++i) {
        const std::uint32_t endpoint = take_turn();
        if (!is_avoided(avoid, endpoint)) return endpoint;
    }
    // Heavy ones hold all turns near: the others in their order.
    std::size_t place = next_ % endpoints_.size();
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        if (!is_avoided(avoid, endpoints_[place])) return endpoints_[place];
        if (++place == endpoints_.size()) place = 0;
    }
    return avoided;
}

/// Endpoints to be avoided are set aside behind the heap, and keep their turn.
std::optional<std::uint32_t> RoundRobin::pick_due(std::span<const std::uint32_t> avoid) {
    if (turns_.empty()) return std::nullopt;
    auto end = turns_.end();
    while (end != turns_.begin() && is_avoided(avoid, turns_.front().endpoint)) {
        std::pop_heap(turns_.begin(), end--, std::greater<>());
    }
    const bool has_other = end != turns_.begin();
    if (has_other) std::pop_heap(turns_.begin(), end--, std::greater<>());
    // The last one of the heap's order when all are to be avoided: the one that was set aside first.
    Turn& picked = has_other ? *end : turns_.back();
    const std::uint32_t endpoint = picked.endpoint;
    picked.next();
    while (end != turns_.end()) std::push_heap(turns_.begin(), ++end, std::greater<>());
    return endpoint;
}

}  // namespace sluice::upstream
