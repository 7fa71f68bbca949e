#include "upstream/maglev.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "upstream/hash.hpp"

namespace sluice::upstream {
namespace {

constexpr std::size_t least_slots_per_endpoint = 100;
/// The first primes above the powers of two.
constexpr std::array<std::uint32_t, 7> sizes{65537, 131101, 262147, 524309, 1048583, 2097169, 4194319};
constexpr std::uint32_t free_slot = std::numeric_limits<std::uint32_t>::max();

/// One endpoint while the table is filled. It wants all slots in the order first, first + step, first + 2 step, ...
struct Claimant {
    std::uint32_t endpoint = 0;
    /// In the order of names.
    std::uint32_t rank = 0;
    std::uint32_t slot = 0;
    std::uint32_t step = 0;
    double interval = 0;
    double due = 0;

    /// Whose turn is later. An endpoint's turns come at the multiples of the inverse of its weight, so that those of
    /// others do not shift them.
    bool operator>(const Claimant& other) const { return due != other.due ? due > other.due : rank > other.rank; }
};

std::vector<std::uint32_t> weights_of(std::span<const NamedWeight> endpoints) {
    const bool has_weight = std::ranges::any_of(endpoints, [](const NamedWeight& one) { return one.second != 0; });
    std::vector<std::uint32_t> weights;
    for (const NamedWeight& endpoint : endpoints) weights.push_back(has_weight ? endpoint.second : 1);
    return weights;
}

Claimant make_claimant(std::string_view name, std::uint32_t weight, std::uint32_t size) {
    const std::uint64_t hash = endpoint_name_hash(name);
    Claimant claimant;
    claimant.slot = static_cast<std::uint32_t>(hash % size);
    claimant.step = static_cast<std::uint32_t>(mix_bits(hash) % (size - 1)) + 1;
    claimant.interval = 1.0 / weight;
    claimant.due = claimant.interval;
    return claimant;
}

/// Those with a weight, in the order of their names: an ordered list is a heap already where all are equally due.
std::vector<Claimant> claimants_of(std::span<const NamedWeight> endpoints, std::span<const std::uint32_t> weights,
                                   std::uint32_t size) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
        if (weights[i] != 0) order.push_back(i);
    }
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        return endpoints[a] != endpoints[b] ? endpoints[a] < endpoints[b] : a < b;
    });
    std::vector<Claimant> claimants;
    for (const std::uint32_t endpoint : order) {
        claimants.push_back(make_claimant(endpoints[endpoint].first, weights[endpoint], size));
        claimants.back().endpoint = endpoint;
        claimants.back().rank = static_cast<std::uint32_t>(claimants.size());
    }
    return claimants;
}

void claim_next(Claimant& claimant, std::vector<std::uint32_t>& slots) {
    const auto size = static_cast<std::uint32_t>(slots.size());
    while (slots[claimant.slot] != free_slot) {
        claimant.slot = claimant.slot >= size - claimant.step ? claimant.slot - (size - claimant.step)
                                                              : claimant.slot + claimant.step;
    }
    slots[claimant.slot] = claimant.endpoint;
    claimant.due += claimant.interval;
}

}  // namespace

std::uint32_t maglev_size(std::size_t endpoints) {
    const auto fit = std::ranges::lower_bound(sizes, endpoints * least_slots_per_endpoint);
    return fit == sizes.end() ? sizes.back() : *fit;
}

std::shared_ptr<const MaglevTable> make_maglev(std::span<const NamedWeight> endpoints) {
    std::vector<std::uint32_t> weights = weights_of(endpoints);
    const std::uint32_t size = endpoints.empty() ? 0 : maglev_size(endpoints.size());
    std::vector<Claimant> claimants = claimants_of(endpoints, weights, size);
    std::vector<std::uint32_t> slots(size, free_slot);
    std::ranges::make_heap(claimants, std::greater<>());
    for (std::uint32_t taken = 0; taken < size; ++taken) {
        std::ranges::pop_heap(claimants, std::greater<>());
        claim_next(claimants.back(), slots);
        std::ranges::push_heap(claimants, std::greater<>());
    }
    return std::make_shared<const MaglevTable>(std::move(slots), std::move(weights));
}

}  // namespace sluice::upstream
