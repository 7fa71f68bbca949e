#include "upstream/hash_choice.hpp"

#include <algorithm>
#include <utility>

#include "upstream/hash.hpp"

namespace sluice::upstream {
namespace {

/// Where a tenth of the endpoints may be used, ten lookups are made on the average, and one key in a thousand finds
/// none.
constexpr std::uint64_t most_lookups = 64;
constexpr std::uint64_t odd_constant = 0x9E3779B97F4A7C15ULL;

constexpr std::uint32_t accept_all = 1 << 16;

}  // namespace

HashChoice::HashChoice(std::span<const Candidate> candidates, std::shared_ptr<const MaglevTable> table)
    : table_(std::move(table)) {
    const std::span<const std::uint32_t> whole = table_ ? table_->weights() : std::span<const std::uint32_t>();
    accepts_.assign(whole.size(), 0);
    const auto share_of = [&](const Candidate& candidate) {
        return static_cast<double>(candidate.weight) / std::max(whole[candidate.endpoint], 1U);
    };
    double most = 0;
    for (const Candidate& candidate : candidates) {
        if (candidate.weight == 0) continue;
        candidates_.push_back(candidate.endpoint);
        if (candidate.endpoint < whole.size()) most = std::max(most, share_of(candidate));
    }
    for (const Candidate& candidate : candidates) {
        if (candidate.weight == 0 || candidate.endpoint >= whole.size()) continue;
        accepts_[candidate.endpoint] = static_cast<std::uint32_t>(share_of(candidate) / most * accept_all);
    }
}

std::optional<std::uint32_t> HashChoice::pick(std::uint64_t hash, std::span<const std::uint32_t> avoid) const {
    if (candidates_.empty()) return std::nullopt;
    const std::uint64_t lookups = table_ && table_->has_slots() ? most_lookups : 0;
    std::uint64_t bits = hash;
    for (std::uint64_t lookup = 1; lookup <= lookups; ++lookup) {
        const std::uint32_t endpoint = table_->at(bits);
        // The lower half of the bits had no part in finding the slot.
        if ((bits & (accept_all - 1)) < accepts_[endpoint] && !is_avoided(avoid, endpoint)) return endpoint;
        bits = mix_bits(hash + lookup * odd_constant);
    }
    const std::optional<std::uint32_t> other = compare_all(hash, avoid);
    return other ? other : pick(hash, {});
}

std::optional<std::uint32_t> HashChoice::compare_all(std::uint64_t hash,
                                                     std::span<const std::uint32_t> avoid) const {
    const auto score = [&](std::uint32_t endpoint) { return mix_bits(hash + (endpoint + 1) * odd_constant); };
    std::optional<std::uint32_t> best;
    for (const std::uint32_t endpoint : candidates_) {
        if (is_avoided(avoid, endpoint)) continue;
        if (!best || score(endpoint) > score(*best)) best = endpoint;
    }
    return best;
}

}  // namespace sluice::upstream
