#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "upstream/candidates.hpp"
#include "upstream/endpoint_load.hpp"
#include "upstream/pick_key.hpp"
#include "upstream/weighted_choice.hpp"

namespace sluice::upstream {

/// Draws two endpoints by weight and picks the one with fewer requests under way for its weight. Two choices keep the
/// load nearly even without the rush on a single least busy endpoint that workers would make by picking the best of
/// all.
///
/// Threading: one worker; reads the counts that all workers keep.
/// Lifetime:  the counts outlive it.
/// Failure:   nullopt when there is no candidate. One of weight 0 is never picked.
class LeastRequest {
public:
    LeastRequest() = default;
    /// `loads` by endpoint; one that is missing counts as idle.
    LeastRequest(std::span<const Candidate> candidates, std::span<const EndpointLoad* const> loads);

    [[nodiscard]] std::optional<std::uint32_t> pick(Random& random, std::span<const std::uint32_t> avoid) const;

private:
    struct Entry {
        const EndpointLoad* load = nullptr;
        std::uint32_t endpoint = 0;
        std::uint32_t weight = 0;
    };

    [[nodiscard]] static std::uint64_t active(const Entry& entry) {
        return entry.load == nullptr ? 0 : entry.load->active.load(std::memory_order_relaxed);
    }

    std::vector<Entry> entries_;
    WeightedChoice choice_;
};

}  // namespace sluice::upstream
