#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "upstream/candidates.hpp"
#include "upstream/maglev.hpp"
#include "upstream/pick_key.hpp"

namespace sluice::upstream {

/// Picks the endpoint that a request's hash belongs to. The table holds all endpoints of the cluster; where it names
/// one that may not be used now, the hash is mixed and looked up again. So when an endpoint is lost only its own keys
/// move, each to where any worker would send it, and they come back with it.
///
/// A candidate with a lesser share of its table's weight than the others (slow start) takes that share of its keys.
///
/// Threading: one worker; the table is shared.
/// Failure:   nullopt when there is no candidate.
class HashChoice {
public:
    HashChoice() = default;
    /// Without a table every pick compares all candidates.
    HashChoice(std::span<const Candidate> candidates, std::shared_ptr<const MaglevTable> table);

    [[nodiscard]] std::optional<std::uint32_t> pick(std::uint64_t hash, std::span<const std::uint32_t> avoid) const;

private:
    /// The candidate whose number mixes best with the hash (rendezvous hashing), for the few keys that the table
    /// leaves. Goes by the endpoints' numbers, so gateways that list them in another order may disagree on those.
    /// nullopt when all are to be avoided.
    [[nodiscard]] std::optional<std::uint32_t> compare_all(std::uint64_t hash,
                                                           std::span<const std::uint32_t> avoid) const;

    std::shared_ptr<const MaglevTable> table_;
    std::vector<std::uint32_t> candidates_;
    /// By endpoint: the share of its keys that it takes, in 2^-16. 0 for what is no candidate.
    std::vector<std::uint32_t> accepts_;
};

}  // namespace sluice::upstream
