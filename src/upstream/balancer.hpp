#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>

#include "base/random.hpp"
#include "config/cluster.hpp"
#include "upstream/candidates.hpp"
#include "upstream/endpoint_load.hpp"
#include "upstream/hash_choice.hpp"
#include "upstream/least_request.hpp"
#include "upstream/maglev.hpp"
#include "upstream/pick_key.hpp"
#include "upstream/random_choice.hpp"
#include "upstream/round_robin.hpp"

namespace sluice::upstream {

/// Chooses the endpoint of each request to a cluster, in the way that the cluster is configured to.
///
/// Threading: one per worker and cluster, no lock. The seed differs between workers.
/// Lifetime:  the loads outlive it, or the next use().
/// Failure:   picks nothing when there is no candidate, and before the first use().
class Balancer {
public:
    Balancer(config::Balance balance, std::uint64_t seed);

    /// Takes new candidates; called when the endpoints or their states change, and when slow start goes on. `loads` by
    /// endpoint, for least_request; `table` of all the cluster's endpoints, for hash. The spans are not kept.
    void use(std::span<const Candidate> candidates, std::span<const EndpointLoad* const> loads,
             std::shared_ptr<const MaglevTable> table = nullptr);

    /// Does not allocate; constant time, but logarithmic for round_robin with very many unequal endpoints.
    [[nodiscard]] std::optional<std::uint32_t> pick(const PickKey& key);

private:
    Random random_;
    std::variant<RoundRobin, LeastRequest, RandomChoice, HashChoice> choice_;
};

}  // namespace sluice::upstream
