#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "routing/hash.hpp"

namespace sluice::routing {

/// An unchanging map from text to a number: one hash, as a rule one probe, one comparison, whatever
/// the number of keys. Open addressing, at most half full, four 16-byte entries to a cache line.
///
/// Lifetime: copies its keys.
class StaticMap {
public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    StaticMap() = default;
    /// Of equal keys one stands; the caller keeps them apart.
    explicit StaticMap(const std::vector<std::pair<std::string, std::uint32_t>>& items);

    /// `none` when the key is not there.
    [[nodiscard]] std::uint32_t find(std::string_view key) const noexcept {
        // Paths with identifiers in them are often longer than any static path.
        if (key.size() > longest_key_ || entries_.empty()) return none;
        const std::uint64_t hash = hash_text(key, seed_);
        const auto tag = static_cast<std::uint32_t>(hash >> 32U);
        for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
            const Entry& entry = entries_[i];
            if (entry.value == none) return none;
            if (entry.tag != tag || entry.size != key.size()) continue;
            if (equal_bytes(text_.data() + entry.offset, key.data(), key.size()))
                return entry.value;
        }
    }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

private:
    struct Entry {
        std::uint32_t tag = 0;
        std::uint32_t size = 0;
        std::uint32_t offset = 0;
        std::uint32_t value = none;
    };

    /// Fills the table under one seed; the longest probe that a key needs.
    [[nodiscard]] std::size_t fill(const std::vector<std::pair<std::string, std::uint32_t>>& items);

    std::vector<Entry> entries_;
    std::string text_;
    std::uint64_t seed_ = 0;
    std::size_t mask_ = 0;
    std::size_t longest_key_ = 0;
};

}  // namespace sluice::routing
