#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::upstream {

/// Which endpoint a hash belongs to: a table that every endpoint has filled in proportion to its weight, in an order
/// that is its own name's (Maglev: Eisenbud and others, NSDI 2016). The same names and weights make the same table, in
/// whatever order they come. When an endpoint joins or leaves the set, few slots of the others change, unless the table
/// gets another size.
///
/// Threading: immutable, shared by workers.
class MaglevTable {
public:
    MaglevTable(std::vector<std::uint32_t> slots, std::vector<std::uint32_t> weights)
        : slots_(std::move(slots)), weights_(std::move(weights)) {}

    /// False when it was made of no endpoints.
    [[nodiscard]] bool has_slots() const { return !slots_.empty(); }

    /// An endpoint by its place among those that the table was made of. The hash's upper half counts.
    [[nodiscard]] std::uint32_t at(std::uint64_t hash) const { return slots_[((hash >> 32) * slots_.size()) >> 32]; }

    [[nodiscard]] std::span<const std::uint32_t> slots() const { return slots_; }
    /// By endpoint. All are 1 when all were 0.
    [[nodiscard]] std::span<const std::uint32_t> weights() const { return weights_; }

private:
    std::vector<std::uint32_t> slots_;
    std::vector<std::uint32_t> weights_;
};

using NamedWeight = std::pair<std::string_view, std::uint32_t>;

/// The number of slots: a prime, at least 65537 and a hundred times the endpoints, as far as 4194319.
[[nodiscard]] std::uint32_t maglev_size(std::size_t endpoints);

/// Takes a few milliseconds for a hundred endpoints and some tenths of a second for ten thousand: made once for a set of
/// endpoints, not per worker. An endpoint of weight 0 gets no slot, unless all have it.
[[nodiscard]] std::shared_ptr<const MaglevTable> make_maglev(std::span<const NamedWeight> endpoints);

}  // namespace sluice::upstream
