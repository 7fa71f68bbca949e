#include "upstream/candidates.hpp"

#include <algorithm>
#include <limits>

namespace sluice::upstream {
namespace {

/// Slow start gives an endpoint a tenth of its weight more in each tenth of the time. While one is in it, all weights
/// are multiplied by this, so that small ones have a tenth.
constexpr std::uint32_t slow_start_steps = 10;

struct Counts {
    std::uint64_t serving = 0;
    std::uint64_t serving_up = 0;
    /// Of those that are not draining, and of those of them that are up.
    std::optional<std::uint32_t> lowest_priority;
    std::optional<std::uint32_t> lowest_priority_up;
    /// Of draining ones that are up.
    std::optional<std::uint32_t> lowest_priority_draining;
};

void lower_to(std::optional<std::uint32_t>& least, std::uint32_t priority) {
    least = std::min(least.value_or(priority), priority);
}

Counts count(std::span<const EndpointStanding> endpoints) {
    Counts counts;
    for (const EndpointStanding& endpoint : endpoints) {
        if (endpoint.is_draining) {
            if (endpoint.is_up) lower_to(counts.lowest_priority_draining, endpoint.priority);
            continue;
        }
        ++counts.serving;
        lower_to(counts.lowest_priority, endpoint.priority);
        if (!endpoint.is_up) continue;
        ++counts.serving_up;
        lower_to(counts.lowest_priority_up, endpoint.priority);
    }
    return counts;
}

/// In which tenth of its slow start the endpoint is, from 1; `slow_start_steps` when it is past it or has none.
std::uint32_t step_of(const EndpointStanding& endpoint, Duration tenth, TimePoint now) {
    if (!endpoint.recovered_at || tenth <= Duration::zero()) return slow_start_steps;
    // A worker's time may be a little behind the one that saw the endpoint come back.
    const Duration elapsed = std::max(now - *endpoint.recovered_at, Duration::zero());
    return static_cast<std::uint32_t>(std::min<Duration::rep>(elapsed / tenth, slow_start_steps - 1)) + 1;
}

std::uint32_t scale(std::uint32_t weight, std::uint32_t factor) {
    const std::uint64_t scaled = std::uint64_t{weight} * factor;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(scaled, std::numeric_limits<std::uint32_t>::max()));
}

void start_slowly(std::span<const EndpointStanding> endpoints, Duration slow_start, TimePoint now,
                  Candidates& candidates) {
    const Duration tenth = slow_start / slow_start_steps;
    for (const Candidate& candidate : candidates.list) {
        const EndpointStanding& endpoint = endpoints[candidate.endpoint];
        const std::uint32_t step = step_of(endpoint, tenth, now);
        if (step == slow_start_steps) continue;
        const TimePoint next = *endpoint.recovered_at + tenth * step;
        candidates.changes_at = std::min(candidates.changes_at.value_or(next), next);
    }
    if (!candidates.changes_at) return;
    for (Candidate& candidate : candidates.list) {
        candidate.weight = scale(candidate.weight, step_of(endpoints[candidate.endpoint], tenth, now));
    }
}

template <typename IsFit>
std::vector<Candidate> gather(std::span<const EndpointStanding> endpoints, const IsFit& is_fit) {
    std::vector<Candidate> list;
    bool has_weight = false;
    for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
        if (!is_fit(endpoints[i])) continue;
        list.push_back({i, endpoints[i].weight});
        has_weight = has_weight || endpoints[i].weight != 0;
    }
    if (has_weight) {
        std::erase_if(list, [](const Candidate& candidate) { return candidate.weight == 0; });
    } else {
        for (Candidate& candidate : list) candidate.weight = 1;
    }
    return list;
}

}  // namespace

Candidates find_candidates(std::span<const EndpointStanding> endpoints, const CandidateSettings& settings,
                           TimePoint now) {
    const Counts counts = count(endpoints);
    Candidates candidates;
    candidates.is_panic = counts.serving_up * 100 < settings.panic_percent * counts.serving;
    if (candidates.is_panic) {
        const std::uint32_t last = counts.lowest_priority_up.value_or(*counts.lowest_priority);
        candidates.list = gather(endpoints, [&](const EndpointStanding& endpoint) {
            return !endpoint.is_draining && endpoint.priority <= last;
        });
        return candidates;
    }
    const bool drains = !counts.lowest_priority_up;
    const std::optional<std::uint32_t> priority = drains ? counts.lowest_priority_draining : counts.lowest_priority_up;
    if (!priority) return candidates;
    candidates.list = gather(endpoints, [&](const EndpointStanding& endpoint) {
        return endpoint.is_up && endpoint.is_draining == drains && endpoint.priority == *priority;
    });
    start_slowly(endpoints, settings.slow_start, now, candidates);
    return candidates;
}

}  // namespace sluice::upstream
