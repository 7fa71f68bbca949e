#include "upstream/balancer.hpp"

#include <utility>

namespace sluice::upstream {

Balancer::Balancer(config::Balance balance, std::uint64_t seed) : random_(seed) {
    switch (balance) {
        case config::Balance::RoundRobin: choice_.emplace<RoundRobin>(); break;
        case config::Balance::LeastRequest: choice_.emplace<LeastRequest>(); break;
        case config::Balance::Random: choice_.emplace<RandomChoice>(); break;
        case config::Balance::Hash: choice_.emplace<HashChoice>(); break;
    }
}

void Balancer::use(std::span<const Candidate> candidates, std::span<const EndpointLoad* const> loads,
                   std::shared_ptr<const MaglevTable> table) {
    if (auto* const round_robin = std::get_if<RoundRobin>(&choice_)) {
        *round_robin = RoundRobin(candidates, random_.next());
    } else if (auto* const least = std::get_if<LeastRequest>(&choice_)) {
        *least = LeastRequest(candidates, loads);
    } else if (auto* const random = std::get_if<RandomChoice>(&choice_)) {
        *random = RandomChoice(candidates);
    } else if (auto* const hash = std::get_if<HashChoice>(&choice_)) {
        *hash = HashChoice(candidates, std::move(table));
    }
}

std::optional<std::uint32_t> Balancer::pick(const PickKey& key) {
    if (auto* const round_robin = std::get_if<RoundRobin>(&choice_)) return round_robin->pick(key.avoid);
    if (const auto* const least = std::get_if<LeastRequest>(&choice_)) return least->pick(random_, key.avoid);
    if (const auto* const random = std::get_if<RandomChoice>(&choice_)) return random->pick(random_, key.avoid);
    return std::get<HashChoice>(choice_).pick(key.hash, key.avoid);
}

}  // namespace sluice::upstream
