#include "routing/static_map.hpp"

#include <algorithm>
#include <bit>

namespace sluice::routing {
namespace {

// Of a few seeds the one with the shortest longest probe is kept: the table is built once and read
// for ever.
constexpr std::uint64_t seeds_tried = 8;
constexpr std::size_t good_probe = 4;

constexpr std::uint64_t seed_number(std::uint64_t i) {
    return (i + 1) * 0x9E3779B97F4A7C15ULL;
}

}  // namespace

StaticMap::StaticMap(const std::vector<std::pair<std::string, std::uint32_t>>& items) {
    if (items.empty()) return;
    for (const auto& item : items) longest_key_ = std::max(longest_key_, item.first.size());
    mask_ = std::bit_ceil(items.size() * 2) - 1;
    std::size_t best = std::numeric_limits<std::size_t>::max();
    std::uint64_t best_seed = 0;
    for (std::uint64_t i = 0; i < seeds_tried && best > good_probe; ++i) {
        seed_ = seed_number(i);
        const std::size_t longest = fill(items);
        if (longest < best) best_seed = seed_;
        best = std::min(best, longest);
    }
    if (seed_ == best_seed) return;
    seed_ = best_seed;
    static_cast<void>(fill(items));
}

std::size_t StaticMap::fill(const std::vector<std::pair<std::string, std::uint32_t>>& items) {
    entries_.assign(mask_ + 1, Entry{});
    text_.clear();
    std::size_t longest = 0;
    for (const auto& [key, value] : items) {
        const std::uint64_t hash = hash_text(key, seed_);
        std::size_t i = hash & mask_;
        std::size_t probe = 1;
        for (; entries_[i].value != none; i = (i + 1) & mask_) ++probe;
        entries_[i] = {static_cast<std::uint32_t>(hash >> 32U),
                       static_cast<std::uint32_t>(key.size()),
                       static_cast<std::uint32_t>(text_.size()), value};
        text_.append(key);
        longest = std::max(longest, probe);
    }
    return longest;
}

}  // namespace sluice::routing
